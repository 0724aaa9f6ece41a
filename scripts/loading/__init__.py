"""The parts of the load script: what is asked, who asks, and what a run says about itself."""
