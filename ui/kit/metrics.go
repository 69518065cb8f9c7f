package kit

// Metrics is the display. Everything that is drawn is sized from it, so that a
// finger's width is a finger's width on a 15-inch panel and on a 27-inch one.
type Metrics struct {
	WidthMM  float32 // visible width of the picture, as configured (display.width_mm)
	WidthPx  int     // picture width in device pixels
	HeightPx int     // picture height in device pixels
	Scale    float32 // device pixels in one Fyne unit; 0 means 1
}

func (m Metrics) scale() float32 {
	if m.Scale > 0 {
		return m.Scale
	}
	return 1
}

// Unit is one millimetre in Fyne units.
func (m Metrics) Unit() float32 {
	if m.WidthMM <= 0 || m.WidthPx <= 0 {
		return 4 // a 21.5-inch 1080p panel, when nobody told
	}
	return float32(m.WidthPx) / m.WidthMM / m.scale()
}

// HeightMM is the visible height.
func (m Metrics) HeightMM() float32 { return m.Height() / m.Unit() }

// Width and Height are the picture's size in Fyne units.
func (m Metrics) Width() float32 { return float32(m.WidthPx) / m.scale() }

// Height is the picture's height in Fyne units.
func (m Metrics) Height() float32 { return float32(m.HeightPx) / m.scale() }

// Portrait tells that the picture stands upright.
func (m Metrics) Portrait() bool { return m.HeightPx > m.WidthPx }
