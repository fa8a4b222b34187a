"""What all commands share: context, errors, output, arguments, and audit notes."""
