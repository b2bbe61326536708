using System.CommandLine;
using IotAnalytics.Web.Commands;

var root = ServeCommand.AddTo(new RootCommand("IotAnalytics: sensor readings in, scored, explained and kept. Without a verb it runs the host."));
root.Add(ServeCommand.Create());
root.Add(SimulateCommand.Create());
root.Add(ReplayCommand.Create());
return await CommandLine.RunAsync(root, args);
