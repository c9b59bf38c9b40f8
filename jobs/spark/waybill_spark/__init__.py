"""The Spark lane: a batch too large for one machine, checked by the same contract and written by the same ledger's rules."""
