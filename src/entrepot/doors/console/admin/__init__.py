"""Administration: people, programs, whom the service trusts; what happened; for operators the whole installation."""
