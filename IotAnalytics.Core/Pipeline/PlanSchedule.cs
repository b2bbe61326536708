using System.Collections.Immutable;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Which plan applies at which offset: the stored assignments below the fast offset, the current plan from there on.</summary>
internal sealed class PlanSchedule
{
    private readonly ImmutableArray<PlanAssignment> _assignments;

    /// <param name="stored">Assignments that matter from the lake offset on, by offset.</param>
    /// <param name="fastOffset">A plan may change only here or later: rows below are already written under theirs.</param>
    public PlanSchedule(ImmutableArray<PlanAssignment> stored, string currentId, ScoringPlan current, long fastOffset)
    {
        if (stored.IsEmpty || stored[^1].PlanId != currentId)
        {
            Pending = new PlanAssignment(fastOffset, currentId, current);
            stored = stored.Add(Pending);
        }

        _assignments = stored;
    }

    /// <summary>The assignment that the next T1 has to store, or null when the current plan is in force already.</summary>
    public PlanAssignment? Pending { get; }

    /// <summary>The plan at an offset.</summary>
    public PlanAssignment At(long offset)
    {
        var found = _assignments[0];
        foreach (var assignment in _assignments)
        {
            if (assignment.FromOffset <= offset)
            {
                found = assignment;
            }
        }

        return found;
    }

    /// <summary>The first offset above <paramref name="offset"/> at which the plan changes, or <see cref="long.MaxValue"/>.</summary>
    public long NextChange(long offset)
    {
        foreach (var assignment in _assignments)
        {
            if (assignment.FromOffset > offset)
            {
                return assignment.FromOffset;
            }
        }

        return long.MaxValue;
    }
}
