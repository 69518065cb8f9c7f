package main

import (
	"context"

	"shlkiosk/ui/flow"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// desk is the front desk's part of the window.
type desk struct{}

func (d *desk) content() fyne.CanvasObject { return widget.NewLabel("") }
func (d *desk) render(flow.State)          {}
func (d *desk) leave()                     {}

func (w *walker) desk(context.Context) error { return nil }
