defmodule Stack do
  use GenServer
  def start_link(l, o \\ []), do: GenServer.start_link(__MODULE__, l, o)
  def init(l), do: {:ok, l, {:continue, :go}}
  def handle_continue(:go, l), do: {:noreply, [:continued | l]}
  def handle_call(:pop, _, [h | t]), do: {:reply, h, t}
  def handle_call(:pop, _, []), do: {:reply, nil, []}
  def handle_call(:all, _, l), do: {:reply, l, l}
  def handle_call(:boom, _, _), do: raise("boom")
  def handle_call(:stop, _, l), do: {:stop, :normal, :stopped, l}
  def handle_cast({:push, x}, l), do: {:noreply, [x | l]}
  def handle_info({:info, x}, l), do: {:noreply, [{:info, x} | l]}
  def terminate(r, _), do: send(:main, {:terminated, r})
end
Logger.configure(level: :none)
Process.register(self(), :main)
Process.flag(:trap_exit, true)
{:ok, p} = Stack.start_link([1], name: :stack)
IO.inspect(GenServer.call(:stack, :all))
GenServer.cast(p, {:push, 2})
send(p, {:info, 3})
IO.inspect(GenServer.call(p, :all))
IO.inspect(GenServer.call(p, :pop))
IO.inspect(GenServer.whereis(:stack) == p)
IO.inspect(Stack.start_link([], name: :stack) == {:error, {:already_started, p}})
IO.inspect(catch_exit = try do GenServer.call(p, :boom) catch :exit, {{%RuntimeError{message: m}, _}, {GenServer, :call, [_, q, _]}} -> {m, q} end)
IO.inspect(receive do {:EXIT, ^p, {%RuntimeError{message: m}, _}} -> m after 10000 -> :none end)
IO.inspect(receive do {:terminated, {%RuntimeError{}, _}} -> :terminate_called after 10000 -> :none end)
IO.inspect(try do GenServer.call(:nonesuch, :x) catch :exit, r -> r end)
{:ok, p2} = Stack.start_link([])
IO.inspect(GenServer.call(p2, :stop))
IO.inspect(receive do {:EXIT, ^p2, r} -> r after 10000 -> :none end)
{:ok, a} = Agent.start_link(fn -> %{n: 0} end)
for _ <- 1..10, do: Agent.update(a, &%{&1 | n: &1.n + 1})
IO.inspect(Agent.get(a, & &1.n))
IO.inspect(Agent.get_and_update(a, fn s -> {s.n, %{s | n: 0}} end))
IO.inspect(Agent.stop(a))
children = [%{id: :s1, start: {Stack, :start_link, [[:a], [name: :s1]]}}, {Stack, [:b]}, {Agent, fn -> 5 end}]
{:ok, sup} = Supervisor.start_link(children, strategy: :one_for_one, max_restarts: 5)
IO.inspect(Supervisor.count_children(sup) |> Enum.sort())
IO.inspect(Supervisor.which_children(sup) |> Enum.map(fn {id, _, t, m} -> {id, t, m} end))
old = Process.whereis(:s1)
ref = Process.monitor(old)
Process.exit(old, :kill)
receive do {:DOWN, ^ref, _, _, r} -> IO.inspect(r) end
Process.sleep(50)
IO.inspect(Process.whereis(:s1) not in [nil, old])
IO.inspect(GenServer.call(:s1, :all))
{:ok, dyn} = DynamicSupervisor.start_link(strategy: :one_for_one)
for i <- 1..5, do: {:ok, _} = DynamicSupervisor.start_child(dyn, {Agent, fn -> i end})
IO.inspect(DynamicSupervisor.count_children(dyn) |> Enum.sort())
IO.inspect(DynamicSupervisor.which_children(dyn) |> Enum.map(fn {_, p, _, _} -> Agent.get(p, & &1) end) |> Enum.sort())
{:ok, _} = Registry.start_link(keys: :unique, name: Reg)
{:ok, _} = Agent.start_link(fn -> :via end, name: {:via, Registry, {Reg, "key"}})
IO.inspect(Agent.get({:via, Registry, {Reg, "key"}}, & &1))
IO.inspect(Registry.lookup(Reg, "key") |> length())
IO.inspect(Registry.register(Reg, "me", :val) |> elem(0))
IO.inspect(Registry.lookup(Reg, "me") == [{self(), :val}])
IO.inspect(Registry.count(Reg))
{:ok, _} = Registry.start_link(keys: :duplicate, name: Pub)
for i <- 1..3, do: Registry.register(Pub, :topic, i)
Registry.dispatch(Pub, :topic, fn es -> for {p, v} <- es, do: send(p, {:pub, v}) end)
IO.inspect(for _ <- 1..3, do: receive(do: ({:pub, v} -> v)))
IO.inspect(Supervisor.stop(sup))
IO.inspect(:sys.get_state(dyn).strategy)
