package staff

import (
	"context"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// desk is the page around every view but the login: who is here, the tabs, a
// line of what went wrong or well, and the view.
func (w *Window) desk() fyne.CanvasObject {
	l, t := w.look, w.t
	tab := func(v view, key string, icon kit.Icon) fyne.CanvasObject {
		return kit.NewButton(l, kit.Choice, t.T(key), icon, func() { w.show(v) }).Named("tab-" + string(v)).Chosen(w.at == v)
	}
	tabs := []fyne.CanvasObject{tab(viewQueue, "staff.tab.queue", kit.IconPeople),
		tab(viewDiagnostics, "staff.tab.diagnostics", kit.IconPulse), tab(viewSettings, "staff.tab.settings", kit.IconSettings)}
	if w.o.OnPaste != nil {
		tabs = append(tabs, tab(viewPaste, "staff.tab.paste", kit.IconWeb))
	}
	who := w.who.Name
	if who == "" {
		who = w.who.ID
	}
	out := kit.NewButton(l, kit.Secondary, t.T("staff.logout"), kit.IconLock, func() { w.o.Done() }).Named("logout")
	name := kit.NewText(l, kit.Strong, who).Trailing()
	right := ends(l.Gap(), name, out, out.Natural())
	head := ends(l.Gap(), kit.Row(l.Gap(), tabs...), right, out.Natural()+l.Gap()+name.Natural())
	top := []fyne.CanvasObject{head}
	if w.err != "" {
		top = append(top, notice(l, w.err))
	}
	if w.said != "" {
		top = append(top, sign(l, kit.IconCheck, w.said, true))
	}
	var body fyne.CanvasObject
	switch w.at {
	case viewQueue:
		body = w.queuePage()
	case viewDiagnostics:
		body = w.diagnosticsPage()
	case viewSettings:
		body = w.settingsPage()
	case viewPaste:
		body = w.pastePage()
	}
	return kit.Pad(l.Margin(), l.MM(3), below(l.MM(3), kit.Column(l.MM(2), top...), body))
}

// pauseButton stops deliveries and lets them go on.
func (w *Window) pauseButton(paused bool) *kit.Button {
	key, icon := "staff.pause", kit.IconHand
	if paused {
		key, icon = "staff.resume", kit.IconNext
	}
	return kit.NewButton(w.look, kit.Secondary, w.t.T(key), icon, func() {
		w.do(func(ctx context.Context) error { return w.o.Desk.Pause(ctx, !paused) }, w.askDiagnostics)
	}).Named("pause")
}
