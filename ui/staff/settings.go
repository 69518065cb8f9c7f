package staff

import (
	"context"
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// settingsView is the configuration with what was changed and not yet saved.
type settingsView struct {
	all      []Setting
	group    string
	changes  map[string]string
	problems []Problem
	count    *kit.Text // how many changes are not saved
}

func (w *Window) askSettings() {
	ask(w, w.o.Desk.Settings, func(all []Setting) {
		w.settings = settingsView{all: all, changes: map[string]string{}}
		if len(all) > 0 {
			w.settings.group = groupOf(all[0].Path)
		}
		w.draw()
	})
}

// groupOf is the part of a path that its group is named by; paths without one
// are "general".
func groupOf(path string) string {
	group, _, ok := strings.Cut(path, ".")
	if !ok {
		return "general"
	}
	return group
}

func (v *settingsView) groups() []string {
	var out []string
	for _, s := range v.all {
		if g := groupOf(s.Path); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

func (v *settingsView) problem(path string) (Problem, bool) {
	i := slices.IndexFunc(v.problems, func(p Problem) bool { return p.Path == path })
	if i < 0 {
		return Problem{}, false
	}
	return v.problems[i], true
}

func (w *Window) settingsPage() fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.settings
	if v.all == nil {
		if w.err != "" {
			return kit.NewText(l, kit.Body, "")
		}
		return kit.NewText(l, kit.Body, t.T("staff.asking"))
	}
	var groups []fyne.CanvasObject
	for _, g := range v.groups() {
		wrong := slices.ContainsFunc(v.problems, func(p Problem) bool { return groupOf(p.Path) == g })
		icon := kit.IconNone
		if wrong {
			icon = kit.IconInfo
		}
		groups = append(groups, kit.NewButton(l, kit.Choice, w.coded("staff.settings.group.", g), icon, func() {
			v.group = g
			w.draw()
		}).Named("group-"+g).Chosen(v.group == g))
	}
	save := kit.NewButton(l, kit.Primary, t.T("staff.settings.save"), kit.IconCheck, w.save).Named("save")
	undo := kit.NewButton(l, kit.Secondary, t.T("staff.settings.undo"), kit.IconBack, func() { w.show(viewSettings) }).Named("undo")
	v.count = kit.NewText(l, kit.Body, w.unsaved())
	if len(v.changes) == 0 {
		save.Disable()
		undo.Disable()
	}
	left := kit.Column(l.MM(4), kit.Column(l.Gap(), groups...), kit.Column(l.Gap(), v.count, save, undo))

	var right []fyne.CanvasObject
	if len(v.problems) > 0 {
		texts := []string{t.N("staff.settings.problems", len(v.problems))}
		for _, p := range v.problems {
			texts = append(texts, p.Path+": "+t.Sentences(p.Wrong+".", p.Fix))
		}
		right = append(right, notice(l, texts...))
	}
	for _, s := range v.all {
		if groupOf(s.Path) == v.group {
			right = append(right, w.setting(s))
		}
	}
	return sides(0.22, l.MM(4), w.sheet("groups", left), w.sheet("settings-"+v.group, kit.Column(l.MM(3), right...)))
}

// setting is one key: what it is called and for, its value to edit, where the
// value is from, and what is wrong with it.
func (w *Window) setting(s Setting) fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.settings
	value, changed := v.changes[s.Path]
	if !changed {
		value = s.Value
	}
	set := func(to string) {
		w.touched()
		had := len(v.changes)
		if to == s.Value {
			delete(v.changes, s.Path)
		} else {
			v.changes[s.Path] = to
		}
		if len(v.changes) != had {
			w.countChanges()
		}
	}
	var edit fyne.CanvasObject
	choices := s.Choices
	if s.Bool {
		choices = []string{"true", "false"}
	}
	if len(choices) > 0 {
		var out []fyne.CanvasObject
		for _, c := range choices {
			label := c
			if s.Bool {
				label = t.T("staff.settings." + c)
			}
			b := kit.NewButton(l, kit.Choice, label, kit.IconNone, func() {
				set(c)
				w.draw()
			}).Named("set-" + s.Path + "-" + c).Chosen(value == c)
			if s.Fixed {
				b.Disable()
			}
			out = append(out, b)
		}
		edit = kit.Row(l.Gap(), out...)
	} else {
		e := newEntry(w, s.Secret)
		e.SetPlaceHolder(s.Default)
		if s.Secret {
			e.SetPlaceHolder(t.T("staff.settings.secret"))
		}
		e.SetText(value)
		e.OnChanged = set
		if s.Fixed {
			e.Disable()
		}
		edit = e
	}
	from := w.coded("staff.settings.from.", s.Source)
	if s.Default != "" && s.Source != "default" {
		from = t.Sentences(from, t.T("staff.settings.default", s.Default))
	}
	about := kit.Column(0, kit.NewText(l, kit.Strong, s.Path), kit.NewText(l, kit.Body, s.Doc))
	value2 := []fyne.CanvasObject{edit, kit.NewText(l, kit.Body, from).Soft()}
	if p, wrong := v.problem(s.Path); wrong {
		value2 = append(value2, notice(l, p.Wrong, p.Fix))
	}
	return row(l, []float32{1, 1.1}, about, kit.Column(l.MM(0.8), value2...))
}

func (w *Window) unsaved() string {
	if len(w.settings.changes) == 0 {
		return w.t.T("staff.settings.none")
	}
	return w.t.N("staff.settings.count", len(w.settings.changes))
}

// countChanges writes the number of changes beside the save button without
// building the page anew under the finger that types.
func (w *Window) countChanges() {
	v := &w.settings
	save, _ := find(w.root, "save").(*kit.Button)
	undo, _ := find(w.root, "undo").(*kit.Button)
	if save == nil || undo == nil {
		return
	}
	v.count.Say(w.unsaved())
	for _, b := range []*kit.Button{save, undo} {
		if len(v.changes) > 0 {
			b.Enable()
		} else {
			b.Disable()
		}
	}
}

// save checks and writes all changes, or shows every problem.
func (w *Window) save() {
	v := &w.settings
	changes := maps.Clone(v.changes)
	w.err, w.said = "", ""
	ask(w, func(ctx context.Context) ([]Problem, error) { return w.o.Desk.SaveSettings(ctx, changes) }, func(problems []Problem) {
		v.problems = problems
		if len(problems) == 0 {
			w.show(viewSettings)
			w.said = w.t.T("staff.said.settings")
		} else if g := groupOf(problems[0].Path); slices.Contains(v.groups(), g) {
			v.group = g
		}
		w.draw()
	})
}
