package staff

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// filter is which cases the queue shows.
type filter string

const (
	filterWaits filter = "waits" // a person must do something
	filterMoves filter = "moves" // on its way by itself
	filterDone  filter = "done"
	filterAll   filter = "all"
)

func (f filter) takes(c Case) bool {
	switch f {
	case filterWaits:
		return c.Waits()
	case filterMoves:
		return c.State == Queued || c.State == Sending || c.State == Delivered
	case filterDone:
		return c.State == Verified || c.State == Expired
	}
	return true
}

// queueView is the list, what is chosen in it, and the open case.
type queueView struct {
	asked   time.Time
	loaded  bool
	all     []Case
	filter  filter
	search  string // of a receipt code
	chosen  string // ID
	open    *Detail
	sure    string // the button that was pressed once and wants a second press
	first   int    // first candidate that is shown
	opening string // the case that is being asked for
	against string // the chart that the open case is being compared with
	preview *Preview
	list    *caseList
	box     *entry
	right   *fyne.Container // the chosen case
	hits    []Case
}

func (w *Window) askCases() {
	w.queue.asked = w.o.Now()
	ask(w, w.o.Desk.Cases, func(all []Case) {
		v := &w.queue
		if v.loaded && sameCases(v.all, all) {
			return // nothing to draw: typing and focus stay undisturbed
		}
		v.all, v.loaded = all, true
		if v.filter == "" {
			v.filter = filterWaits
		}
		w.draw()
	})
}

func sameCases(a, b []Case) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// matches lists the cases that the filter and the search let through.
func (v *queueView) matches() []Case {
	var out []Case
	want := plainCode(v.search)
	for _, c := range v.all {
		if want != "" && strings.Contains(plainCode(c.Code), want) || want == "" && v.filter.takes(c) {
			out = append(out, c)
		}
	}
	return out
}

// plainCode is a receipt code as people type it: "k742" finds K7-42.
func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}

func (v *queueView) find(id string) (Case, bool) {
	for _, c := range v.all {
		if c.ID == id {
			return c, true
		}
	}
	return Case{}, false
}

// drop forgets the protected part of a case.
func (v *queueView) drop() {
	v.open, v.first, v.against, v.preview = nil, 0, "", nil
}

// choose shows a case without opening it: still nothing of a person.
func (w *Window) choose(id string) {
	v := &w.queue
	if v.chosen == id {
		return
	}
	v.chosen, v.sure = id, ""
	v.drop()
	delete(w.scrolls, "case")
	w.touched()
	if w.err != "" || w.said != "" {
		w.err, w.said = "", ""
		w.draw()
		return
	}
	w.drawCase()
}

// drawCase builds the right side anew and leaves the list as it is, with its
// focus and its place.
func (w *Window) drawCase() {
	v := &w.queue
	if w.at != viewQueue || v.right == nil {
		w.draw()
		return
	}
	focus := w.focused()
	v.right.Objects = []fyne.CanvasObject{w.sheet("case", w.casePage(v))}
	w.themed.Refresh()
	if focus == "" {
		return
	}
	if p := find(w.root, focus); p != nil && !p.Disabled() {
		w.canvas.Focus(p)
	} else { // what had the focus is gone: nothing may be pressed that is not seen
		w.canvas.Focus(v.list)
	}
}

// openCase asks for the protected part of the chosen case.
func (w *Window) openCase() {
	v := &w.queue
	id := v.chosen
	if id == "" || v.opening == id {
		return
	}
	w.touched()
	v.opening = id
	ask(w, func(ctx context.Context) (Detail, error) { return w.o.Desk.Case(ctx, id) }, func(d Detail) {
		v.opening = ""
		if v.chosen == id {
			v.drop()
			v.open = &d
			w.drawCase()
		}
	})
}

// closeCase drops it again.
func (w *Window) closeCase() {
	w.queue.sure = ""
	w.queue.drop()
	w.drawCase()
}

// after is what follows a deed on a case: the list anew, and the case closed.
func (w *Window) after(said string) func() {
	return func() {
		w.said = w.t.T(said)
		w.queue.sure, w.queue.loaded = "", false
		w.queue.drop()
		w.askCases()
		w.draw()
	}
}

func (w *Window) queuePage() fyne.CanvasObject {
	l, v := w.look, &w.queue
	v.right = container.NewStack(w.sheet("case", w.casePage(v)))
	return sides(0.36, l.MM(4), w.queueList(), v.right)
}

func (w *Window) queueList() fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.queue
	count := map[filter]int{}
	for _, c := range v.all {
		for _, f := range []filter{filterWaits, filterMoves, filterDone, filterAll} {
			if f.takes(c) {
				count[f]++
			}
		}
	}
	var filters []fyne.CanvasObject
	for _, f := range []filter{filterWaits, filterMoves, filterDone, filterAll} {
		filters = append(filters, kit.NewButton(l, kit.Choice, t.N("staff.filter."+string(f), count[f]), kit.IconNone, func() {
			v.filter, v.search = f, ""
			w.draw()
		}).Named("filter-"+string(f)).Chosen(v.filter == f && v.search == ""))
	}
	focus, offset := w.listFocus(), float32(0)
	if v.list != nil {
		offset = v.list.GetScrollOffset()
	}
	v.box = newEntry(w, false)
	v.box.SetPlaceHolder(t.T("staff.search"))
	v.box.SetText(v.search)
	v.box.CursorColumn = len([]rune(v.search))
	v.box.OnChanged = func(s string) {
		w.touched()
		v.search = s
		v.hits = v.matches()
		v.list.Refresh()
	}
	v.hits = v.matches()
	v.list = newCaseList(w)
	for i, c := range v.hits {
		if c.ID == v.chosen {
			v.list.Select(i)
		}
	}
	v.list.OnSelected = func(i widget.ListItemID) {
		if i < len(v.hits) {
			w.choose(v.hits[i].ID)
		}
	}
	w.later = func() { // once it is on the canvas
		v.list.ScrollToOffset(offset)
		switch {
		case w.canvas == nil:
		case focus == "list":
			w.canvas.Focus(v.list)
		case focus == "search":
			w.canvas.Focus(v.box)
		}
	}
	top := []fyne.CanvasObject{kit.Grid(l.Gap(), 2, filters...), v.box}
	if v.loaded && len(v.hits) == 0 {
		top = append(top, kit.NewText(l, kit.Body, t.T("staff.queue.empty")).Soft())
	}
	return below(l.MM(2), kit.Column(l.MM(2), top...), v.list)
}

// listFocus tells which of the queue's own pieces has the focus.
func (w *Window) listFocus() string {
	if w.canvas == nil {
		return ""
	}
	switch f := w.canvas.Focused(); {
	case f == nil:
	case w.queue.list != nil && f == fyne.Focusable(w.queue.list):
		return "list"
	case w.queue.box != nil && f == fyne.Focusable(w.queue.box):
		return "search"
	}
	return ""
}

// icons of the states: a sign each, so that colour is not needed.
func stateIcon(s State) kit.Icon {
	switch s {
	case Queued:
		return kit.IconClock
	case Sending:
		return kit.IconRepeat
	case Delivered:
		return kit.IconEye
	case Verified:
		return kit.IconCheck
	case Parked:
		return kit.IconHand
	case HandedOver:
		return kit.IconPerson
	}
	return kit.IconCross
}

func (w *Window) why(c Case) string {
	if c.Reason == "" {
		return w.t.T("staff.state." + string(c.State) + ".more")
	}
	return w.reason(c).Why
}

// reason are the words for a case's code: first of the room that it is from.
func (w *Window) reason(c Case) words.StaffReason {
	if c.State == HandedOver {
		return w.t.StaffIn(c.Reason)
	}
	return w.t.StaffIn(c.Reason, "import", "match", "ledger", "key", "audit", "", "desk")
}
