"""Recording a function's kernel calls, and replaying them from C: minigrad.compile."""
