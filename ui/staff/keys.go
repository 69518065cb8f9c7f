package staff

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// caseList is a list that chooses as the arrows go, opens with Enter, and lets
// the desk have its keys.
type caseList struct {
	widget.List
	w *Window
}

func newCaseList(w *Window) *caseList {
	v := &w.queue
	l := &caseList{w: w}
	l.Length = func() int { return len(v.hits) }
	l.CreateItem = func() fyne.CanvasObject { return newCaseRow(w) }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		if i < len(v.hits) {
			o.(*caseRow).set(v.hits[i])
		}
	}
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *caseList) TypedKey(e *fyne.KeyEvent) {
	v := &l.w.queue
	at := -1
	for i, c := range v.hits {
		if c.ID == v.chosen {
			at = i
		}
	}
	switch e.Name {
	case fyne.KeyDown:
		at++
	case fyne.KeyUp:
		at--
	case fyne.KeyHome:
		at = 0
	case fyne.KeyEnd:
		at = len(v.hits) - 1
	case fyne.KeyReturn, fyne.KeyEnter:
		if v.open == nil {
			l.w.openCase()
		}
		return
	default:
		l.w.key(e.Name)
		return
	}
	if at >= 0 && at < len(v.hits) {
		l.Highlight(at)
		l.Select(at)
		l.ScrollTo(at)
	}
}

// entry is a field to type into that lets the desk have the keys that are no
// text.
type entry struct {
	widget.Entry
	w *Window
}

func newEntry(w *Window, secret bool) *entry {
	e := &entry{w: w}
	e.Password = secret
	e.Wrapping = fyne.TextWrapOff
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF10:
		e.w.key(k.Name)
	case fyne.KeyDown:
		if e.w.at == viewQueue && e.w.canvas != nil {
			e.w.canvas.Focus(e.w.queue.list)
			return
		}
		e.Entry.TypedKey(k)
	default:
		e.Entry.TypedKey(k)
	}
}
