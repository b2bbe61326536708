using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>
/// Runs records of bronze through the pipeline with the lake sink off: T1 and T1' write what lies above their own offsets, by the same
/// compare-and-set as ever, so that a replay that ended anywhere goes on where it was.
/// </summary>
internal sealed class BronzeReplay(ReplayDependencies dependencies, ILogger<BronzeReplay> logger)
{
    /// <param name="claim">Its lake offset is where the state stands and the replay begins.</param>
    /// <param name="state">The saved state of that offset, or null for none.</param>
    /// <param name="open">Opens the records from the claim's lake offset to the target.</param>
    /// <param name="progress">Told the offset reached.</param>
    public async Task<ReplayedRange> RunAsync(
        PartitionClaim claim, PlanSchedule plans, byte[]? state, Func<BronzeRecords> open, Action<long> progress, CancellationToken cancellationToken)
    {
        var hunt = new PoisonHunt();
        hunt.Add(await PartitionClaimer.ReadPoisonAsync(dependencies.Writer, claim, cancellationToken).ConfigureAwait(false));
        var counted = default(PipelineTotals);
        while (true)
        {
            using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var run = new ReplayRun(dependencies, claim, plans, hunt, totals => counted += totals, logger, abort.Token);
            try
            {
                await using var records = open();
                return new ReplayedRange(await run.RunAsync(state, records, progress).ConfigureAwait(false), counted);
            }
            catch (PoisonException e)
            {
                // As the worker does: again from the saved state, one record at a time there.
                hunt.Narrow(e.FirstOffset, e.NextOffset);
            }
            finally
            {
                await abort.CancelAsync().ConfigureAwait(false);
                await run.SettleAsync().ConfigureAwait(false);
            }

            var offsets = await dependencies.Partitions.ReadOffsetsAsync(claim, cancellationToken).ConfigureAwait(false);
            claim = claim with { Offsets = offsets with { Lake = claim.Offsets.Lake } };
        }
    }
}

/// <summary>What a replay gave.</summary>
/// <param name="State">The sensors' state at its end.</param>
/// <param name="Committed">What T1 wrote.</param>
internal sealed record ReplayedRange(byte[] State, PipelineTotals Committed);

/// <summary>What a replay needs; shared by all partitions.</summary>
internal sealed record ReplayDependencies(
    DatabaseWriter Writer, PartitionStore Partitions, ModelLoader LoadModel, SensorKeys SensorKeys, PipelineMonitor Monitor, IOptions<PipelineOptions> Options, TimeProvider Time);
