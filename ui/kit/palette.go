package kit

import (
	"image/color"
	"math"
)

// Palette is one contrast theme. Every pair that text or a control is drawn in
// is listed by Pairs, and a test measures them.
type Palette struct {
	Name string

	Ground color.NRGBA // the page
	Card   color.NRGBA // what lies on it
	Ink    color.NRGBA // text
	Soft   color.NRGBA // text of less weight; still a text
	Edge   color.NRGBA // borders of controls
	Hair   color.NRGBA // lines that only please the eye

	Primary, OnPrimary color.NRGBA // the main action
	Pressed, OnPressed color.NRGBA // anything under a finger
	Tint               color.NRGBA // chosen; Ink is drawn on it
	Notice             color.NRGBA // wants a look; Ink is drawn on it
	NoticeEdge         color.NRGBA
	Good               color.NRGBA // a sign that it went well, never alone
	Focus              color.NRGBA // the ring
	Art, ArtSoft       color.NRGBA // drawings
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// Light is the default: dark ink on a light ground, text 10:1 or better (VVSG
// draft 7.1-C).
func Light() Palette {
	return Palette{Name: "light",
		Ground: rgb(0xF2F5F7), Card: rgb(0xFFFFFF), Ink: rgb(0x0C2233), Soft: rgb(0x2A3D4D),
		Edge: rgb(0x5E7386), Hair: rgb(0xD5DEE5),
		Primary: rgb(0x00405C), OnPrimary: rgb(0xFFFFFF), Pressed: rgb(0x001F30), OnPressed: rgb(0xFFFFFF),
		Tint: rgb(0xD8EBF4), Notice: rgb(0xFFEFC7), NoticeEdge: rgb(0x9A6700),
		Good: rgb(0x0A6B45), Focus: rgb(0xC2410C), Art: rgb(0x00577C), ArtSoft: rgb(0xB9DCEA)}
}

// BlackOnWhite is for those who need the edges.
func BlackOnWhite() Palette {
	return Palette{Name: "black-on-white",
		Ground: rgb(0xFFFFFF), Card: rgb(0xFFFFFF), Ink: rgb(0x000000), Soft: rgb(0x000000),
		Edge: rgb(0x000000), Hair: rgb(0x8A8A8A),
		Primary: rgb(0x000000), OnPrimary: rgb(0xFFFFFF), Pressed: rgb(0x303030), OnPressed: rgb(0xFFFFFF),
		Tint: rgb(0xFFFFFF), Notice: rgb(0xFFFFFF), NoticeEdge: rgb(0x000000),
		Good: rgb(0x000000), Focus: rgb(0x0033CC), Art: rgb(0x000000), ArtSoft: rgb(0xDDDDDD)}
}

// WhiteOnBlack is for those whom light hurts.
func WhiteOnBlack() Palette {
	return Palette{Name: "white-on-black",
		Ground: rgb(0x000000), Card: rgb(0x000000), Ink: rgb(0xFFFFFF), Soft: rgb(0xFFFFFF),
		Edge: rgb(0xFFFFFF), Hair: rgb(0x707070),
		Primary: rgb(0xFFFFFF), OnPrimary: rgb(0x000000), Pressed: rgb(0xC8C8C8), OnPressed: rgb(0x000000),
		Tint: rgb(0x2B2B2B), Notice: rgb(0x000000), NoticeEdge: rgb(0xFFFFFF),
		Good: rgb(0xFFFFFF), Focus: rgb(0xFFD400), Art: rgb(0xFFFFFF), ArtSoft: rgb(0x4A4A4A)}
}

// Grey is low in contrast for eyes that glare hurts; its text is still 7:1.
func Grey() Palette {
	return Palette{Name: "grey",
		Ground: rgb(0xC6C9CC), Card: rgb(0xD2D5D8), Ink: rgb(0x25292D), Soft: rgb(0x2C3034),
		Edge: rgb(0x555B61), Hair: rgb(0xAFB4B8),
		Primary: rgb(0x2E3840), OnPrimary: rgb(0xD9DCDF), Pressed: rgb(0x1E252B), OnPressed: rgb(0xD9DCDF),
		Tint: rgb(0xC2CBD1), Notice: rgb(0xD3CDBD), NoticeEdge: rgb(0x555B61),
		Good: rgb(0x2F4A3C), Focus: rgb(0x7A2C00), Art: rgb(0x3A4750), ArtSoft: rgb(0xAEB9C0)}
}

// Palettes are all four, the default first.
func Palettes() []Palette { return []Palette{Light(), BlackOnWhite(), WhiteOnBlack(), Grey()} }

// PaletteOf finds a palette by the name that settings carry, or the default.
func PaletteOf(name string) Palette {
	for _, p := range Palettes() {
		if p.Name == name {
			return p
		}
	}
	return Light()
}

// Dark tells that the ground is darker than the ink.
func (p Palette) Dark() bool { return luminance(p.Ground) < luminance(p.Ink) }

// Pair is a colour that is drawn on another, and the contrast it must have.
type Pair struct {
	Name    string
	Fore    color.NRGBA
	Back    color.NRGBA
	IsText  bool    // text, or a control, an edge, a ring
	AtLeast float64 // WCAG contrast ratio
}

// Pairs are all that the kit draws. Text must reach 7:1 (WCAG 1.4.6), 10:1 in
// the default palette; edges and rings 3:1 (WCAG 1.4.11).
func (p Palette) Pairs() []Pair {
	text := 7.0
	if p.Name == "light" {
		text = 10
	}
	return []Pair{
		{"ink on ground", p.Ink, p.Ground, true, text},
		{"ink on card", p.Ink, p.Card, true, text},
		{"ink on tint", p.Ink, p.Tint, true, text},
		{"ink on notice", p.Ink, p.Notice, true, text},
		{"soft on ground", p.Soft, p.Ground, true, text},
		{"soft on card", p.Soft, p.Card, true, text},
		{"soft on tint", p.Soft, p.Tint, true, min(text, 9)},
		{"label on primary", p.OnPrimary, p.Primary, true, text},
		{"label on pressed", p.OnPressed, p.Pressed, true, text},
		{"edge on ground", p.Edge, p.Ground, false, 3},
		{"edge on card", p.Edge, p.Card, false, 3},
		{"primary on ground", p.Primary, p.Ground, false, 3},
		{"notice edge on ground", p.NoticeEdge, p.Ground, false, 3},
		{"focus on ground", p.Focus, p.Ground, false, 3},
		{"focus on card", p.Focus, p.Card, false, 3},
		{"focus on notice", p.Focus, p.Notice, false, 3},
		{"good on ground", p.Good, p.Ground, false, 3},
		{"good on card", p.Good, p.Card, false, 3},
		{"art on ground", p.Art, p.Ground, false, 3},
	}
}

// Contrast is WCAG's ratio of two opaque colours, 1 to 21.
func Contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

// luminance is WCAG's relative luminance.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	line := func(v uint32) float64 {
		f := float64(v) / 0xFFFF
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*line(r) + 0.7152*line(g) + 0.0722*line(b)
}
