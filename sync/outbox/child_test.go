package outbox

// childMain turns this test binary into one of the child processes of the
// fault tests, when the environment asks for it.
func childMain() bool { return false }
