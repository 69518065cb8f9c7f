// Package kit is the kiosk's visual language: one calm look, measured in
// millimetres, that patient and staff screens are built from.
//
// # How to use it
//
// A Look says how everything on one screen is drawn: the display (Metrics),
// the colours (Palette), the text size in percent, and whether it is the
// patient's spacious form or the desk's dense one.
//
//	m := kit.Metrics{WidthMM: 476, WidthPx: 1920, HeightPx: 1080, Scale: 1}
//	l := kit.NewLook(m, kit.PaletteOf("light"), 100)   // patients
//	d := kit.NewDenseLook(m, kit.PaletteOf("light"))   // staff, mouse and keyboard
//
// Pieces are Fyne objects that take the Look first and know their height for a
// given width (HeightFor), which Fyne's own layouts do not ask for. Put them
// into the containers of this package, which do:
//
//	body := kit.Column(l.MM(4),
//		kit.NewText(l, kit.Title, "Is this your record?"),
//		kit.NewText(l, kit.Body, "It stays on this kiosk until you say yes."),
//		kit.Grid(l.MM(4), 3, tiles...),
//	)
//	yes := kit.NewButton(l, kit.Primary, "Yes", kit.IconCheck, func() { … })
//
// Pages shows as many whole blocks as fit and turns the page by buttons:
// nothing is clipped and nothing needs to be dragged. NewFrame puts header,
// body and footer in their places. Changing theme, size or language means
// building the screen anew with another Look; that takes milliseconds.
//
// Standard Fyne widgets (Entry, Select, Table on the staff's screens) take the
// same colours, fonts and sizes when the app or a container.ThemeOverride uses
// Look.Theme().
//
// # Promises, held by tests here and in patient
//
//   - every palette: text 7:1 or better, 10:1 in the default; control edges and
//     the focus ring 3:1 or better on everything that they are drawn on;
//   - a patient's text has capitals of at least 4.8 mm, 5.5 mm by default;
//     primary targets are at least 20 x 20 mm, all others 15 x 15 mm, 3 mm apart;
//   - one press is one action, on release; a press is painted at once;
//   - everything that can be pressed can be focused, shows a ring when it is,
//     and answers Enter and Space.
//
// # Limits
//
// Left to right only: Fyne has no right-to-left text. All methods belong to
// the Fyne thread. The fonts cover Latin (Vietnamese too), Greek, Cyrillic and
// the 3,755 common Chinese characters of GB 2312 level 1; others fall back on
// the system's fonts.
package kit
