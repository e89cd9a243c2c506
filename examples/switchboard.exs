# A telephone switchboard in which every call is a process.
#
#   switchboard.exs [SEED] [CALLS]        (a random seed and 100,000 calls by default)
#
# Sixty-four exchanges (supervisors) carry the calls. Every call talks to its neighbour, word by word.
# Now and then lightning strikes a line and its process dies; its exchange starts the call again, the
# other party redials, and nobody else notices. Which calls are struck follows from the seed alone.

defmodule Board do
  @moduledoc "What everybody may look up: who is on which line, what happened so far."

  @counters [:connected, :words, :answered, :redials, :restarts, :slowest_recovery]
  for {name, i} <- Enum.with_index(@counters, 1), do: defp(index(unquote(name)), do: unquote(i))

  def open(seed, calls) do
    :ets.new(:lines, [:named_table, :public, write_concurrency: true, read_concurrency: true])
    :ets.new(:troubles, [:named_table, :public])
    :persistent_term.put(Board, %{counters: :counters.new(length(@counters), []), seed: seed, calls: calls})
  end

  def seed, do: :persistent_term.get(Board).seed
  def calls, do: :persistent_term.get(Board).calls
  def add(name, n \\ 1), do: :counters.add(:persistent_term.get(Board).counters, index(name), n)
  def get(name), do: :counters.get(:persistent_term.get(Board).counters, index(name))

  @doc "Puts the calling process on a line; says which attempt this is and who was there first."
  def plug_in(line) do
    attempt = :ets.update_counter(:lines, line, {3, 1}, {line, nil, 0, nil, 0})
    :ets.update_element(:lines, line, [{2, self()} | if(attempt == 1, do: [{4, self()}], else: [])])
    attempt
  end

  def who(line), do: :ets.lookup_element(:lines, line, 2)

  def struck(line, kind) do
    :ets.update_counter(:troubles, kind, 1, {kind, 0})
    :ets.update_element(:lines, line, {5, now()})
  end

  def recovered(line) do
    add(:restarts)
    took = now() - :ets.lookup_element(:lines, line, 5)
    if took > get(:slowest_recovery), do: add(:slowest_recovery, took - get(:slowest_recovery))
  end

  defp now, do: System.monotonic_time(:microsecond)
end

defmodule Call do
  @moduledoc "One call: says `@words` words to the other party and answers what it hears."
  use GenServer, restart: :transient
  @words 10
  @odds 0.02

  def start_link(line), do: GenServer.start_link(__MODULE__, line)

  @impl true
  def init(line) do
    attempt = Board.plug_in(line)
    call = %{line: line, peer: rem(line, 2) * 2 - 1 + line, left: @words, strike: strike(line, attempt), waiting: nil}

    if attempt == 1 do
      Board.add(:connected)
      {:ok, call}
    else
      Board.recovered(line)
      {:ok, call, {:continue, :talk}}
    end
  end

  # Fate: after how many words, and how, this attempt ends; :never for most.
  defp strike(line, attempt) do
    {chance, rand} = :rand.uniform_s(:rand.seed_s(:exsss, {Board.seed(), line, attempt}))
    {word, rand} = :rand.uniform_s(@words, rand)
    {kind, _} = :rand.uniform_s(4, rand)
    if chance < @odds, do: {word, elem({:lightning, :cut_cable, :wrong_number, :short_circuit}, kind - 1)}, else: :never
  end

  @impl true
  def handle_continue(:talk, call), do: {:noreply, say(call)}

  @impl true
  def handle_info(:go, call), do: {:noreply, say(call)}

  def handle_info({:word, from, ref}, call) do
    send(from, {:heard, ref})
    {:noreply, call}
  end

  def handle_info({:heard, ref}, %{waiting: ref} = call) do
    Process.demonitor(ref, [:flush])
    Board.add(:words)
    {:noreply, say(%{call | left: call.left - 1})}
  end

  def handle_info({:DOWN, ref, :process, _, _}, %{waiting: ref} = call) do
    Board.add(:redials)
    Process.send_after(self(), :go, 1)
    {:noreply, %{call | waiting: nil}}
  end

  def handle_info(_late, call), do: {:noreply, call}

  defp say(%{left: 0} = call) do
    Board.add(:answered)
    %{call | waiting: nil}
  end

  defp say(%{left: left, strike: {left, kind}} = call) do
    Board.struck(call.line, kind)
    fail(kind)
  end

  defp say(call) do
    other = Board.who(call.peer)
    ref = Process.monitor(other)
    send(other, {:word, self(), ref})
    %{call | waiting: ref}
  end

  defp fail(:lightning), do: raise("struck by lightning")
  defp fail(:cut_cable), do: Process.exit(self(), :kill)
  defp fail(:wrong_number), do: {:ok, _} = Map.fetch(%{}, "no such number")
  defp fail(:short_circuit), do: exit(:short_circuit)
end

defmodule Switchboard do
  @exchanges 64

  def main(argv) do
    {seed, calls} = parse(argv)
    Logger.configure(level: :none)
    Board.open(seed, calls)
    headline("SWITCHBOARD", "#{int(calls)} calls, #{@exchanges} exchanges, #{System.schedulers_online()} schedulers, seed #{seed}")

    {:ok, top} = Supervisor.start_link(Enum.map(1..@exchanges, &exchange/1), strategy: :one_for_one)
    before = memory()
    {connecting, _} = :timer.tc(fn -> progress("connecting", calls, :connected, fn -> connect(calls) end) end)
    per_call = div(memory() - before, calls)

    {talking, _} = :timer.tc(fn -> progress("talking", calls, :answered, fn -> broadcast(calls) end) end)
    report(calls, connecting, talking, per_call)
    Supervisor.stop(top)
    IO.puts("\n  All lines closed.\n")
  end

  defp parse([]), do: {:rand.uniform(999_999), 100_000}
  defp parse([seed]), do: {String.to_integer(seed), 100_000}
  defp parse([seed, calls]), do: {String.to_integer(seed), max(2, div(String.to_integer(calls), 2) * 2)}

  defp exchange(n) do
    Supervisor.child_spec({DynamicSupervisor, name: name(n), max_restarts: 1_000_000, max_seconds: 1}, id: n)
  end

  defp name(n), do: :"exchange_#{n}"

  # Every exchange takes its share of the lines, all exchanges at the same time.
  defp connect(calls) do
    Enum.each(1..@exchanges, fn n ->
      spawn_link(fn ->
        for line <- n..calls//@exchanges, do: {:ok, _} = DynamicSupervisor.start_child(name(n), {Call, line})
      end)
    end)
  end

  defp broadcast(calls), do: spawn_link(fn -> for line <- 1..calls, do: send(Board.who(line), :go) end)

  defp memory do
    :erlang.garbage_collect()
    :erlang.memory(:processes)
  end

  defp progress(what, goal, counter, start) do
    start.()
    watch(what, goal, counter, IO.ANSI.enabled?(), -1)
  end

  defp watch(what, goal, counter, tty?, shown) do
    done = Board.get(counter)
    percent = div(done * 100, goal)
    if tty?, do: IO.write("\r  #{bar(what, percent)} #{int(done)}   ")

    cond do
      done >= goal -> IO.puts(if tty?, do: "", else: "  #{bar(what, 100)} #{int(done)}")
      true -> Process.sleep(20) && watch(what, goal, counter, tty?, max(shown, percent))
    end
  end

  defp bar(what, percent) do
    full = div(percent * 40, 100)
    "#{String.pad_trailing(what, 11)} #{String.duplicate("█", full)}#{String.duplicate("░", 40 - full)} #{String.pad_leading("#{percent}", 3)} %"
  end

  defp report(calls, connecting, talking, per_call) do
    troubles = Enum.sort(:ets.tab2list(:troubles))
    crashes = troubles |> Enum.map(&elem(&1, 1)) |> Enum.sum()
    lines = :ets.tab2list(:lines)
    first_pid = Enum.count(lines, fn {_, pid, _, first, _} -> pid == first and Process.alive?(pid) end)
    worst = lines |> Enum.map(&elem(&1, 2)) |> Enum.max()

    section("What went wrong")
    for {kind, n} <- troubles, do: item(kind |> to_string() |> String.replace("_", " "), "#{int(n)} calls died")
    item("crashes in all", int(crashes))

    section("What the supervisors did about it")
    item("restarts", "#{int(Board.get(:restarts))}#{if Board.get(:restarts) == crashes, do: "  (every one of them)"}")
    item("slowest recovery", "#{Float.round(Board.get(:slowest_recovery) / 1000, 1)} ms from crash to dial tone")
    item("unluckiest line", "#{worst} attempts")
    item("redials by the other party", int(Board.get(:redials)))

    section("What everybody else noticed")
    item("never interrupted", "#{int(first_pid)} calls, still in their first process")
    item("answered in the end", "#{int(Board.get(:answered))} of #{int(calls)}  (#{Float.round(Board.get(:answered) * 100 / calls, 2)} %)")

    section("Figures")
    item("connecting", "#{int(rate(calls, connecting))} calls/s")
    item("talking", "#{int(rate(Board.get(:words), talking))} words/s, #{int(Board.get(:words))} words, two messages each")
    item("memory", "#{int(per_call)} bytes a call, its share of the exchange included")
    item("processes", int(:erlang.system_info(:process_count)))
    item("time", "#{Float.round((connecting + talking) / 1_000_000, 2)} s")
  end

  defp rate(n, microseconds), do: div(n * 1_000_000, max(microseconds, 1))
  defp headline(title, text), do: IO.puts(["\n  ", IO.ANSI.format([:bright, title]), "  ", text, "\n"])
  defp section(title), do: IO.puts(["\n  ", IO.ANSI.format([:bright, title])])
  defp item(name, value), do: IO.puts("    #{String.pad_trailing(name, 27)} #{value}")

  defp int(n) do
    n |> Integer.to_string() |> String.reverse() |> String.replace(~r/(\d{3})(?=\d)/, "\\1,") |> String.reverse()
  end
end

Switchboard.main(System.argv())
