// Command kioskctl is the kiosk without a window and without cgo: scan,
// resolve, import, issue, sandbox, doctor and what else an installer, a tester
// or a script needs. Run `kioskctl help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"shlkiosk/cmd/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.OS(), "kioskctl", os.Args[1:]))
}
