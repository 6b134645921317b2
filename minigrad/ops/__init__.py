"""The operations, one file per family. Each is one Function: its formula, forward with the kernel's name, backward."""
