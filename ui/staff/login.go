package staff

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/kit"
)

// loginView is who logs in, and the PIN as it is typed: bytes in one place that
// are overwritten, drawn as dots.
type loginView struct {
	people []Person
	chosen string
	pin    []byte
	field  *kit.Field
	until  time.Time // no try before
	shown  int       // seconds of the countdown that are drawn
	trying bool      // a try is under way
}

const mostPIN = 64

func (v *loginView) wipe() {
	clear(v.pin[:cap(v.pin)])
	v.pin = v.pin[:0]
	if v.field != nil {
		v.field.Set(nil, true)
	}
}

func (w *Window) askPeople() {
	ask(w, w.o.Desk.People, func(p []Person) {
		w.login.people = p
		if len(p) == 1 {
			w.login.chosen = p[0].ID
		}
		w.draw()
	})
}

// locked tells how long no try is allowed.
func (v *loginView) locked(now time.Time) time.Duration { return max(0, v.until.Sub(now)) }

// countdown draws the seconds that are left.
func (v *loginView) countdown(w *Window, now time.Time) {
	left := int((v.locked(now) + time.Second - 1) / time.Second)
	if left == v.shown {
		return
	}
	v.shown = left
	if left == 0 {
		w.err = ""
	} else {
		w.err = w.t.N("staff.login.locked", left)
	}
	w.draw()
}

func (v *loginView) digit(w *Window, r rune) {
	if r < ' ' || r > '~' || len(v.pin) >= mostPIN || v.locked(w.o.Now()) > 0 {
		return
	}
	if v.pin == nil {
		v.pin = make([]byte, 0, mostPIN)
	}
	v.pin = append(v.pin, byte(r))
	v.dots()
}

func (v *loginView) erase() {
	if n := len(v.pin); n > 0 {
		v.pin[n-1] = 0
		v.pin = v.pin[:n-1]
	}
	v.dots()
}

func (v *loginView) dots() {
	if v.field != nil {
		v.field.Set(slices.Repeat([]rune{'x'}, len(v.pin)), true)
	}
}

func (v *loginView) key(w *Window, name fyne.KeyName) bool {
	switch name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if w.focused() != "" && len(v.pin) == 0 {
			return false // it presses what has the focus
		}
		v.try(w)
	case fyne.KeyBackspace:
		v.erase()
	case fyne.KeyEscape, fyne.KeyF10:
		v.wipe()
		w.o.Done()
	default:
		return false
	}
	return true
}

// try hands the PIN over and forgets it.
func (v *loginView) try(w *Window) {
	now := w.o.Now()
	if len(v.pin) == 0 || v.trying || v.locked(now) > 0 {
		return
	}
	if v.chosen == "" && len(v.people) > 1 {
		w.err = w.t.T("staff.login.who")
		w.draw()
		return
	}
	pin := phi.NewSecret(slices.Clone(v.pin))
	v.wipe()
	id := v.chosen
	w.err = ""
	gen, ctx := w.gen, w.ctx
	v.trying = true
	w.o.Go(func() {
		who, err := w.o.Desk.Login(ctx, id, pin)
		pin.Wipe()
		w.o.Do(func() {
			v.trying = false
			if gen != w.gen {
				if err == nil { // somebody left while it was being looked at
					w.o.Go(func() { w.o.Desk.Logout(context.Background()) })
				}
				return
			}
			if err != nil {
				v.refused(w, err)
				return
			}
			w.who, v.until = who, time.Time{}
			if w.o.In != nil {
				w.o.In()
			}
			w.show(viewQueue)
		})
	})
}

func (v *loginView) refused(w *Window, err error) {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Reason == "pin-throttled":
		v.until, v.shown = w.o.Now().Add(e.Wait), -1
		v.countdown(w, w.o.Now())
		return
	case errors.As(err, &e) && e.Reason == "pin-wrong" && e.Left > 0:
		w.err = w.t.Sentences(w.t.T("staff.login.wrong"), w.t.N("staff.login.left", e.Left))
	case errors.As(err, &e) && e.Reason == "pin-wrong":
		w.err = w.t.T("staff.login.wrong")
	default:
		w.fail(err)
		return
	}
	w.draw()
}

// loginPage is who, a PIN, and a way back to the patients.
func (w *Window) loginPage() fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.login
	v.field = kit.NewField(l, t.T("staff.login.pin"))
	v.dots()
	pad := kit.NewKeypad(l, kit.KeyWords{Erase: t.T("key.erase")}, func(r rune) { w.touched(); v.digit(w, r) },
		func() { w.touched(); v.erase() }, nil)
	enter := kit.NewButton(l, kit.Primary, t.T("staff.login.enter"), kit.IconNext, func() { v.try(w) }).Named("enter")
	leave := kit.NewButton(l, kit.Secondary, t.T("staff.leave"), kit.IconBack, func() { v.wipe(); w.o.Done() }).Named("leave")
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Title, t.T("staff.login.title"))}
	if w.err != "" {
		blocks = append(blocks, notice(l, w.err))
	}
	if len(v.people) > 1 {
		var who []fyne.CanvasObject
		for _, p := range v.people {
			who = append(who, kit.NewButton(l, kit.Choice, p.Name, kit.IconPerson, func() {
				v.chosen = p.ID
				w.draw()
			}).Named("who-"+p.ID).Chosen(v.chosen == p.ID))
		}
		blocks = append(blocks, kit.NewText(l, kit.Strong, t.T("staff.login.who")), kit.Grid(l.Gap(), 2, who...))
	}
	blocks = append(blocks, v.field, pad, kit.Grid(l.Gap(), 2, leave, enter))
	return kit.Middle(max(kit.KeypadWidth(l)*2, l.MM(110)), kit.Card(l, kit.Column(l.MM(4), blocks...)))
}
