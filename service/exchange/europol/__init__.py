"""Hit/no-hit queries and reasoned follow-ups, modelled on Regulation (EU) 2024/982."""
