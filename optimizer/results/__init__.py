"""From a solution to what a planner reads: tables, prices, comparisons, and the run folder that keeps them."""
