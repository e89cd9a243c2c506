# The example, small and with a fixed seed: what follows from the seed alone must come out the same.
{:ok, io} = StringIO.open("")
leader = Process.group_leader()
Process.group_leader(self(), io)
System.argv(["7", "4000"])
Code.require_file(Path.join(System.fetch_env!("TEST_ROOT"), "examples/switchboard.exs"))
Process.group_leader(self(), leader)
{_, out} = StringIO.contents(io)

out
|> String.split("\n")
|> Enum.filter(&(&1 =~ ~r/died|crashes|restarts|unluckiest|never|answered|closed/))
|> Enum.join("\n")
|> IO.puts()
