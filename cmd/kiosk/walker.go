package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/sandbox"
	"shlkiosk/ui/flow"
)

// walker is the demo patient who walks through the real screens by themself:
// it looks for buttons by their names and presses them where they are drawn,
// with the real mouse where xdotool is installed. Nothing of the way is cut
// short; only the hand is not a person's.
type walker struct {
	p *program
	s *screen
	k *engine.Kiosk

	n       int // pictures so far
	xdotool string
}

// The ways of --by.
const (
	byMouse = "mouse" // real pointer, camera
	byKeys  = "keys"  // Tab and Enter alone, camera
	byWedge = "wedge" // real pointer, a scanner that types
)

// patience is how long the walker waits for anything before it gives up. It
// decides nothing else: a walk on a busy machine is slow, not wrong.
const patience = 90 * time.Second

func (w *walker) walk(ctx context.Context) error {
	w.xdotool, _ = exec.LookPath("xdotool")
	if err := os.MkdirAll(w.p.out, 0o700); err != nil {
		return fmt.Errorf("making the folder for --out: %w", err)
	}
	who, err := w.patient()
	if err != nil {
		return err
	}
	w.say("the demo patient is %s: %s", who.Name, who.Story)
	for _, step := range []func(context.Context, sandbox.DemoPatient) error{w.arrive, w.show, w.review, w.identify, w.agree} {
		if err := step(ctx, who); err != nil {
			w.shoot("stuck")
			return fmt.Errorf("the walk stopped: %w", err)
		}
	}
	return w.receipt(ctx)
}

func (w *walker) patient() (sandbox.DemoPatient, error) {
	for _, p := range w.p.demo.world.Demo() {
		if p.Key == w.p.story {
			return p, nil
		}
	}
	return sandbox.DemoPatient{}, fmt.Errorf("there is no demo patient %q", w.p.story)
}

func (w *walker) arrive(ctx context.Context, _ sandbox.DemoPatient) error {
	if err := w.wait(ctx, flow.Attract); err != nil {
		return err
	}
	w.shoot("attract")
	w.say("touches the screen to start")
	if err := w.press(ctx, "main"); err != nil {
		return err
	}
	if err := w.wait(ctx, flow.Scan); err != nil {
		return err
	}
	// The first pictures are painted.
	if !w.until(ctx, func() bool { return w.state().Camera == flow.CameraLive && w.s.frames.Load() > 5 }) {
		return errors.New("no picture of the camera came up")
	}
	w.shoot("scan")
	if w.p.preview > 0 {
		return w.measure(ctx)
	}
	return nil
}

func (w *walker) show(ctx context.Context, who sandbox.DemoPatient) error {
	began := time.Now()
	if w.p.by == byWedge {
		w.say("holds the code under the scanner, which types it")
		if err := w.typeLink(ctx, who.Link); err != nil {
			return err
		}
	} else {
		w.say("holds up the code on the phone")
		if err := w.p.demo.phone.Show(who.Link); err != nil {
			return err
		}
	}
	// The last picture before the screen changes is the one with the code.
	var last image.Image
	for w.screen() == flow.Scan && time.Since(began) < patience && ctx.Err() == nil {
		if img, err := w.picture(); err == nil {
			last = img
		}
		time.Sleep(40 * time.Millisecond)
	}
	if last != nil {
		w.write("scan-code", last)
	}
	w.say("the code was read after %d ms", time.Since(began).Milliseconds())
	if w.screen() == flow.Passcode {
		w.shoot("passcode")
		w.say("types the passcode")
		for _, r := range who.Passcode {
			if err := w.press(ctx, "key-"+string(r)); err != nil {
				return err
			}
		}
		if err := w.press(ctx, "main"); err != nil {
			return err
		}
	}
	if err := w.wait(ctx, flow.Review); err != nil {
		return err
	}
	w.say("the summary is on the screen %d ms after the code came into view", time.Since(began).Milliseconds())
	return w.p.demo.phone.Show("")
}

func (w *walker) review(ctx context.Context, _ sandbox.DemoPatient) error {
	w.shoot("review")
	if name, ok := w.first("section-"); ok {
		w.say("looks into one section")
		if err := w.press(ctx, name); err != nil {
			return err
		}
		if err := w.appear(ctx, "all"); err != nil {
			return err
		}
		w.shoot("review-section")
		if err := w.press(ctx, "main"); err != nil {
			return err
		}
	}
	w.say("says that this is the right record")
	if err := w.press(ctx, "main"); err != nil {
		return err
	}
	return w.wait(ctx, flow.Who)
}

func (w *walker) identify(ctx context.Context, who sandbox.DemoPatient) error {
	w.shoot("who")
	if err := w.press(ctx, "who.self"); err != nil {
		return err
	}
	if err := w.wait(ctx, flow.Identity); err != nil {
		return err
	}
	w.say("types the birth date")
	var y, m, d int
	if _, err := fmt.Sscanf(who.BirthDate, "%d-%d-%d", &y, &m, &d); err != nil {
		return fmt.Errorf("the demo patient's birth date: %w", err)
	}
	parts := map[string]string{"identity.month": fmt.Sprint(m), "identity.day": fmt.Sprintf("%02d", d), "identity.year": fmt.Sprintf("%04d", y)}
	for range parts {
		part := w.part()
		if err := w.fill(ctx, part, parts[part]); err != nil {
			return err
		}
	}
	w.shoot("identity")
	if err := w.press(ctx, "main"); err != nil {
		return err
	}
	return w.wait(ctx, flow.Consent)
}

// part is the part of the birth date that is being typed.
func (w *walker) part() string {
	for _, p := range []string{"identity.month", "identity.day", "identity.year"} {
		if w.chosen("part-" + p) {
			return p
		}
	}
	return ""
}

// fill types one part and waits until the screen has taken it.
func (w *walker) fill(ctx context.Context, part, value string) error {
	if part == "identity.month" {
		if err := w.press(ctx, "key-month-"+value); err != nil {
			return err
		}
	} else {
		for _, r := range value {
			if err := w.press(ctx, "key-"+string(r)); err != nil {
				return err
			}
		}
	}
	if !w.until(ctx, func() bool { return w.part() != part || w.has("main") }) {
		return fmt.Errorf("the screen did not take the part %q", part)
	}
	return nil
}

func (w *walker) agree(ctx context.Context, _ sandbox.DemoPatient) error {
	w.shoot("consent")
	w.say("says yes")
	if err := w.press(ctx, "main"); err != nil {
		return err
	}
	if err := w.wait(ctx, flow.Done); err != nil {
		return err
	}
	w.shoot("done")
	if err := w.press(ctx, "main"); err != nil {
		return err
	}
	if err := w.wait(ctx, flow.Attract); err != nil {
		return err
	}
	w.say("leaves; the kiosk is back at the start")
	return nil
}

// receipt waits for the delivery and writes what became of it.
func (w *walker) receipt(ctx context.Context) error {
	var env *intake.Envelope
	end := time.Now().Add(patience)
	for {
		all, err := w.p.store.Ledger.List(outbox.Filter{})
		if err != nil {
			return err
		}
		if len(all) > 0 && (all[0].State.Final() || all[0].State == outbox.Parked) {
			body, err := w.p.store.Ledger.Body(all[0].ID)
			if err != nil {
				return err
			}
			if env, err = intake.UnmarshalEnvelope(body); err != nil {
				return err
			}
			break
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return errors.New("the import was not delivered in time")
		}
		time.Sleep(50 * time.Millisecond)
	}
	r := env.Journal.Receipt
	if r == nil {
		r = &intake.Receipt{Import: env.ID, State: intake.StateParked, Reason: env.Match.Why, Resources: []intake.ReceiptResource{}}
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.p.out, "receipt.json"), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the receipt: %w", err)
	}
	if err := w.desk(ctx); err != nil {
		w.shoot("stuck")
		return err
	}
	v := r.Verification
	w.say("import %s: %s, chart %s; %d created, %d existing, %d left out, %d refused; %d references, %d unresolved; demographics %s; %d duplicate chart(s)",
		r.Import, r.State, r.Patient.Reference, r.Count(intake.ResultCreated), r.Count(intake.ResultExisting),
		r.Count(intake.ResultLeftOut), r.Count(intake.ResultRefused), v.References.Total, v.References.Unresolved, v.Demographics, v.Duplicates)
	w.say("%d pictures and the receipt are in %s", w.n, w.p.out)
	if r.State != intake.StateVerified || !v.Complete() {
		return fmt.Errorf("the chart is not verified: %s %s", r.State, r.Reason)
	}
	return nil
}
