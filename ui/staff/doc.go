// Package staff is the front desk's side of the window: who works here, what
// waits and why, whose record it is, what it would change in the chart, what
// became of it, how the kiosk is, and its settings. Dense and fast, for mouse
// and keyboard; fingers work too.
//
// # Wiring
//
//	s := staff.New(staff.Options{Desk: desk, Words: catalogue, Metrics: metrics, Now: time.Now,
//		Touched: func() { engine.Post(flow.Touched{}) }, Done: func() { engine.Post(flow.StaffOut{}) },
//		In: func() { engine.Post(flow.StaffIn{}) }, OnPaste: engine.Paste, …})
//	s.Attach(window.Canvas())         // keys
//	app.Settings().SetTheme(s.Theme())
//	window.SetContent(s.Content())
//	…
//	fyne.Do(s.Refresh)                // a few times a second while shown
//	fyne.Do(s.Close)                  // flow.CloseStaff: logged out, all of it dropped
//
// The engine implements Desk; on another machine of the clinic an adapter to
// sync/desk does. Desk is called off the Fyne thread, one question at a time
// for each view; answers to a view that was left are dropped. All methods of
// Window belong to the Fyne thread.
//
// # Keys
//
// Tab and the arrows move, Enter and Space press. F2 queue, F3 diagnostics,
// F4 settings, F5 asks anew, F6 paste a link, F10 logs out. In the queue the
// arrows choose, Enter opens and Esc closes.
//
// # Promises, held by tests
//
//   - the queue holds no name: a person's data is asked for when a case is
//     opened, by somebody who is logged in, and dropped when it is left;
//   - agreements and differences are marked by a sign and a word, colour comes
//     on top; nothing is filed or thrown away by one press alone;
//   - the PIN is kept in bytes that are wiped, and never drawn;
//   - every problem of a setting is shown at once, beside it and in a list, and
//     what is not right is not written.
//
// # Limits
//
// English only until somebody writes xx/staff.json: staff work in the clinic's
// language. Texts of a case stay in Fyne's measuring cache for about a minute
// after it is closed, as on the review screen.
package staff
