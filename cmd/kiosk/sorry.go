package main

import (
	"context"
	"fmt"
	"time"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/cmd/internal/watchdog"
	"shlkiosk/config"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/patient"
	"shlkiosk/ui/words"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"
)

func sorryVerb() cli.Verb {
	return cli.Verb{Name: "sorry", Short: "the plain screen of a kiosk that cannot start",
		Long: `Sends patients to the front desk, in every language, and does nothing else: no
camera, no ledger, no configuration, no network. 'kiosk run' shows it by itself
for five minutes after three starts within ten minutes that came to nothing,
and then tries again. As a command of its own it stays until it is ended.`,
		Run: func(ctx context.Context, c *cli.Call) error { return showSorry(ctx, c, 0) }}
}

// showSorry shows the screen for a time, or without end.
func showSorry(ctx context.Context, c *cli.Call, long time.Duration) error {
	if !displayAnswers(c.Getenv("DISPLAY")) {
		return errNoDisplay
	}
	if long > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, long)
		defer cancel()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all, err := words.Load()
	if err != nil {
		all = nil // English stands in the screen itself
	}
	d := config.Defaults().Display
	a := app.NewWithID("org.shlkiosk")
	endsCleanly(a)
	w := a.NewWindow("Check-in")
	w.SetPadded(false)
	w.SetMaster()
	page := container.NewStack()
	w.SetContent(newSized(page, func(size fyne.Size) {
		scale := w.Canvas().Scale()
		m := kit.Metrics{WidthMM: float32(d.WidthMM), WidthPx: int(size.Width * scale), HeightPx: int(size.Height * scale), Scale: scale}
		page.Objects = []fyne.CanvasObject{patient.Sorry(all, m, d.Theme)}
	}))
	w.SetFullScreen(true)
	w.Resize(fyne.NewSize(float32(d.Width), float32(d.Height)))
	if notify, err := watchdog.FromEnv(c.Getenv); err == nil && notify != nil {
		defer notify.Close()
		go (&watchdog.Watchdog{Notify: notify, OnUI: fyne.Do}).Run(ctx)
	}
	fmt.Fprintln(c.Stderr, "kiosk: patients are sent to the front desk; the log before this says why")
	go func() { <-ctx.Done(); fyne.Do(a.Quit) }()
	w.ShowAndRun()
	return nil
}
