using System.CommandLine;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Commands.Demo;
using IotAnalytics.Web.Commands.Registry;

var root = ServeCommand.AddTo(new RootCommand("IotAnalytics: sensor readings in, scored, explained and kept. Without a verb it runs the host."));
root.Add(ServeCommand.Create());
root.Add(SimulateCommand.Create());
root.Add(ReplayCommand.Create());
root.Add(DemoCommand.Create());
root.Add(TrainCommand.Create());
root.Add(ScoreCommand.Create());
root.Add(ModelCommand.Create());
root.Add(ModelsCommand.Create());
root.Add(LakeCommand.Create());
root.Add(KeysCommand.Create());
root.Add(HealthCommand.Create());
return await CommandLine.RunAsync(root, args);
