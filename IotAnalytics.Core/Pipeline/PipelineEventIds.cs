namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int SourceReset = 2001;
    public const int PartitionClaimed = 2002;
    public const int PartitionStopped = 2003;
    public const int PartitionFenced = 2004;
    public const int RecordsLost = 2005;
    public const int PoisonRecord = 2006;
    public const int SinkRetry = 2007;
    public const int CutCommitted = 2009;
    public const int PlanChanged = 2010;
    public const int BuildChanged = 2011;
    public const int WorkerFailed = 2012;
    public const int SpoolFull = 2013;
    public const int PoisonSuspected = 2014;
    public const int StatusSkipped = 2015;
    public const int RunAgain = 2016;
    public const int AssignmentFailed = 2017;
    public const int ModelUnusable = 2018;
    public const int PlanNotMade = 2019;
}
