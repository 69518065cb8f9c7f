// Command kiosk is the check-in kiosk: the patient's window, the front desk
// behind it, and every verb of kioskctl.
//
//	kiosk run --config kiosk.yaml     the kiosk
//	kiosk demo                        the kiosk in its embedded demo world
//	kiosk desk --enrol HOST:PORT      its front desk on another machine
//	kiosk sorry                       the screen of a kiosk that cannot start
//	kiosk unit                        the systemd unit for a real one
//
// Run `kiosk help` for the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/sync/phi"
)

func main() {
	if phi.CrashMonitor() {
		return
	}
	if len(os.Args) == 2 && os.Args[1] == probeArg {
		os.Exit(probeOpenGL())
	}
	forgetful()
	// The window's toolkit must run on the first thread.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.OS(), "kiosk", os.Args[1:], ownVerbs()...))
}

// ownVerbs are the commands that kioskctl has not.
func ownVerbs() []cli.Verb {
	return []cli.Verb{runVerb(), demoVerb(), deskVerb(), unitVerb(), sorryVerb(), doctorVerb(os.Getenv)}
}

// forgetful starts the program anew under a runtime that overwrites what it
// frees, where it holds patients' records. It must be said before the runtime
// starts, and nobody should have to remember to say it.
func forgetful() {
	if len(os.Args) < 2 || (os.Args[1] != "run" && os.Args[1] != "demo") {
		return
	}
	env, anew := phi.Forgetful(os.Environ())
	self, err := os.Executable()
	if !anew || err != nil {
		return
	}
	if os.Getenv(toolkitCache) == "" {
		env = append(env, toolkitCache+"="+toolkitKeeps.String())
	}
	_ = syscall.Exec(self, os.Args, env) // on an error we go on as we are
}
