"""From notebooks and a snapshot to a published site: plan, execute, render, stage, switch."""
