package staff

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// Enroller is a Desk whose kiosk lets front desks on other machines in. The
// diagnostics page offers what it can when Options.Desk is one.
type Enroller interface {
	// Desks lists them and says where they connect to; errors.ErrUnsupported:
	// nothing listens (desk.listen).
	Desks(ctx context.Context) (address string, all []Machine, err error)
	// Enrol lets one more in. show is told each code that is valid, and "" when
	// none is; from any goroutine. It takes minutes and goes on after a logout.
	Enrol(ctx context.Context, show func(code string)) (Machine, error)
	// Dismiss takes one off the list.
	Dismiss(ctx context.Context, id string) error
}

// Machine is a front desk on another machine.
type Machine struct {
	ID    string
	Name  string
	Since time.Time
}

// desksView is what is known of desks elsewhere, and the enrolment under way.
type desksView struct {
	address string // "": nothing listens
	all     []Machine
	sure    string // ID of the one that the next press takes off
	enrol   *enrolment
}

// enrolment is one press of the button, until its end.
type enrolment struct {
	code string // "": none is valid now
	stop context.CancelFunc
}

func (w *Window) askDesks() {
	d, ok := w.o.Desk.(Enroller)
	if !ok {
		return
	}
	type answer struct {
		address string
		all     []Machine
	}
	ask(w, func(ctx context.Context) (answer, error) {
		address, all, err := d.Desks(ctx)
		if errors.Is(err, errors.ErrUnsupported) {
			err = nil
		}
		return answer{address, all}, err
	}, func(a answer) {
		w.diagnostics.desks.address, w.diagnostics.desks.all = a.address, a.all
		w.draw()
	})
}

// enrol opens an enrolment. It is not bound to the view: whoever began it
// walks to the other machine, and the screen may go back to the patients
// meanwhile. Only what it says is dropped then.
func (w *Window) enrol(d Enroller) {
	ctx, cancel := context.WithCancel(context.Background())
	e := &enrolment{stop: cancel}
	w.err, w.said, w.diagnostics.desks.enrol = "", "", e
	w.draw()
	shown := func(f func()) {
		w.o.Do(func() {
			if w.diagnostics.desks.enrol == e {
				f()
				w.draw()
			}
		})
	}
	w.o.Go(func() {
		m, err := d.Enrol(ctx, func(code string) { shown(func() { e.code = code }) })
		stopped := ctx.Err() != nil
		cancel()
		shown(func() {
			w.diagnostics.desks.enrol = nil
			switch {
			case err == nil:
				w.said = w.t.T("staff.desks.enrolled", m.Name)
			case !stopped:
				w.fail(err)
			}
			w.askDesks()
		})
	})
}

// desks is the card of the diagnostics page; nil when nothing listens.
func (w *Window) desks() fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.diagnostics.desks
	d, ok := w.o.Desk.(Enroller)
	if !ok || v.address == "" {
		return nil
	}
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.T("staff.desks.title")),
		kit.NewText(l, kit.Body, t.T("staff.desks.listens", v.address)).Soft()}
	var rows []*block
	for _, m := range v.all {
		key := "staff.desks.dismiss"
		kind := kit.Secondary
		act := func() { v.sure = m.ID; w.draw() }
		if v.sure == m.ID {
			key, kind = "staff.desks.dismiss.sure", kit.Primary
			act = func() {
				v.sure = ""
				w.do(func(ctx context.Context) error { return d.Dismiss(ctx, m.ID) }, w.askDesks)
			}
		}
		rows = append(rows, row(l, []float32{1, 1.2}, kit.Column(l.MM(0.5), kit.NewText(l, kit.Strong, m.Name),
			kit.NewText(l, kit.Body, t.T("staff.desks.since", t.Moment(m.Since, w.o.Now()))).Soft()),
			kit.NewButton(l, kind, t.T(key), kit.IconCross, act).Named("dismiss-"+m.ID)))
	}
	if len(rows) > 0 {
		blocks = append(blocks, table(l, rows...))
	} else {
		blocks = append(blocks, kit.NewText(l, kit.Body, t.T("staff.desks.none")))
	}
	switch e := v.enrol; {
	case e == nil:
		blocks = append(blocks, kit.Row(l.Gap(), kit.NewButton(l, kit.Secondary, t.T("staff.desks.enrol"), kit.IconPeople, func() { w.enrol(d) }).Named("enrol")))
	default:
		code := t.T("staff.asking")
		if len(e.code) == 8 { // as people read it out
			code = e.code[:4] + " " + e.code[4:]
		}
		blocks = append(blocks, notice(l, t.T("staff.desks.type", v.address), t.T("staff.desks.while")), kit.NewText(l, kit.Code, code),
			kit.Row(l.Gap(), kit.NewButton(l, kit.Secondary, t.T("staff.desks.stop"), kit.IconCross, func() {
				e.stop()
				v.enrol = nil
				w.draw()
			}).Named("enrol-stop")))
	}
	return kit.Card(l, kit.Column(l.MM(2), blocks...))
}
