using System.Collections.Immutable;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Which plan applies at which offset: the stored assignments below the fast offset, the current plan from there on.</summary>
internal sealed class PlanSchedule
{
    private ImmutableArray<PlanAssignment> _assignments;

    /// <param name="stored">Assignments that matter from the lake offset on, by offset.</param>
    /// <param name="fastOffset">A plan may change only here or later: rows below are already written under theirs.</param>
    public PlanSchedule(ImmutableArray<PlanAssignment> stored, string currentId, ScoringPlan current, long fastOffset)
    {
        if (stored.IsEmpty || stored[^1].PlanId != currentId)
        {
            _assignments = stored;
            Change(fastOffset, currentId, current);
            return;
        }

        _assignments = stored;
    }

    /// <summary>The newest assignment when it was made by this run: a T1 has to store it. Null when the current plan was in force already.</summary>
    public PlanAssignment? Pending { get; private set; }

    /// <summary>The plan that is in force at the end.</summary>
    public string NewestPlanId => _assignments[^1].PlanId;

    /// <summary>Puts a plan in force from an offset on at which no row is written yet; one that was to begin there or later never does.</summary>
    public void Change(long offset, string planId, ScoringPlan plan)
    {
        Pending = new PlanAssignment(offset, planId, plan);
        _assignments = _assignments.RemoveAll(a => a.FromOffset >= offset).Add(Pending);
    }

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
