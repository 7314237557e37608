"""What all doors share: bodies, answers, errors as statuses, request ids, counting."""
