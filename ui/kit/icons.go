package kit

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Icon is a drawing of 24 by 24, in strokes of one width, made for this kiosk.
type Icon string

// Each is a list of SVG paths: strokes first, after "|" what is filled.
const (
	IconNone     Icon = ""
	IconCheck    Icon = "M4.5 12.5l5 5L19.5 7"
	IconCross    Icon = "M6 6l12 12M18 6L6 18"
	IconNext     Icon = "M5 12h14M13 6l6 6-6 6"
	IconBack     Icon = "M19 12H5M11 6l-6 6 6 6"
	IconNearer   Icon = "M9.5 9.5L4 4M4 8.500V4h4.500M14.5 9.500L20 4M15.5 4H20v4.500M9.5 14.500L4 20M4 15.500V20h4.500M14.5 14.500L20 20M15.5 20H20v-4.5"
	IconFarther  Icon = "M3.5 3.500L9 9M9 4.500V9H4.500M20.5 3.500L15 9M19.5 9H15V4.500M3.5 20.500L9 15M4.5 15H9v4.500M20.5 20.500L15 15M15 19.500V15h4.5"
	IconForth    Icon = "M9 5.5l6.5 6.5L9 18.5"
	IconUp       Icon = "M6 15l6-6 6 6"
	IconDown     Icon = "M6 9l6 6 6-6"
	IconDesk     Icon = "M3 20h18M5 20v-5h14v5M12 11.5a3.5 3.5 0 1 0 0 -7a3.5 3.5 0 0 0 0 7zM7 15c.6-2 2.4-3.5 5-3.5s4.4 1.5 5 3.5"
	IconLanguage Icon = "M12 21a9 9 0 1 0 0 -18a9 9 0 0 0 0 18zM3.5 9.500h17M3.5 14.500h17M12 3c-5 5.5-5 12.5 0 18M12 3c5 5.5 5 12.5 0 18"
	IconSettings Icon = "M4 7h9M19 7h1M4 17h2M12 17h8M16 9.500a2.5 2.5 0 1 0 0 -5a2.5 2.5 0 0 0 0 5zM9 19.500a2.5 2.5 0 1 0 0 -5a2.5 2.5 0 0 0 0 5z"
	IconSound    Icon = "M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11"
	IconRepeat   Icon = "M5 12a7 7 0 0 1 12 -4.900L19.5 9.500M19.5 4.500v5h-5M19 12a7 7 0 0 1 -12 4.900L4.5 14.500M4.5 19.500v-5h5"
	IconClock    Icon = "M12 21a9 9 0 1 0 0 -18a9 9 0 0 0 0 18zM12 7v5.200l3.5 2.3"
	IconPhone    Icon = "M7.5 2.500h9a1.5 1.5 0 0 1 1.5 1.500v16a1.5 1.5 0 0 1 -1.5 1.500h-9A1.5 1.5 0 0 1 6 20V4a1.5 1.5 0 0 1 1.5 -1.500zM11 18.700h2"
	IconEye      Icon = "M2.5 12C5 7.5 8.3 5.5 12 5.500s7 2 9.5 6.500c-2.5 4.5-5.8 6.5-9.5 6.500S5 16.5 2.5 12zM12 15a3 3 0 1 0 0 -6a3 3 0 0 0 0 6z"
	IconHide     Icon = "M2.5 12C5 7.5 8.3 5.5 12 5.500s7 2 9.5 6.500c-2.5 4.5-5.8 6.5-9.5 6.500S5 16.5 2.5 12zM4 20L20 4"
	IconErase    Icon = "M8.5 5.500H20a1 1 0 0 1 1 1v11a1 1 0 0 1 -1 1H8.500L3 12l5.5-6.500zM11.5 9.500l5 5M16.5 9.500l-5 5"
	IconKeyboard Icon = "M3.5 6.500h17a1 1 0 0 1 1 1v9a1 1 0 0 1 -1 1h-17a1 1 0 0 1 -1 -1v-9a1 1 0 0 1 1 -1zM6 10h.6M9.8 10h.6M13.6 10h.6M17.4 10h.6M7.5 14h9"
	IconCamera   Icon = "M4 7.500h3.500L9 5h6l1.5 2.500H20a1 1 0 0 1 1 1V18a1 1 0 0 1 -1 1H4a1 1 0 0 1 -1 -1V8.500a1 1 0 0 1 1 -1zM12 16.500a3.5 3.5 0 1 0 0 -7a3.5 3.5 0 0 0 0 7z"
	IconNoCamera Icon = "M4 7.500h3.500L9 5h6l1.5 2.500H20a1 1 0 0 1 1 1V18a1 1 0 0 1 -1 1H4a1 1 0 0 1 -1 -1V8.500a1 1 0 0 1 1 -1zM3 21.500L21 2.5"
	IconQR       Icon = "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500M20 14v.5M17.5 20H14v-.5M20 17.500V20|M6.3 6.300h1.400v1.400H6.300zM16.3 6.300h1.400v1.400h-1.400zM6.3 16.300h1.400v1.400H6.300z"
	IconPerson   Icon = "M12 12a4 4 0 1 0 0 -8a4 4 0 0 0 0 8zM4.5 20.500c.7-4 3.5-6 7.5-6s6.8 2 7.5 6"
	IconPeople   Icon = "M9 12a3.7 3.7 0 1 0 0 -7.400A3.7 3.7 0 0 0 9 12zM2.5 20c.5-3.7 3-5.5 6.5-5.500s6 1.8 6.5 5.500M16 5.200a3.3 3.3 0 0 1 0 6.300M18 15c2 .700 3.2 2.4 3.5 5"
	IconNoWeb    Icon = "M2.5 9.500C8 4.5 16 4.5 21.5 9.500M6 13.500c3.5-3 8.5-3 12 0M9.5 17c1.5-1.2 3.5-1.2 5 0M4 21L20 3"
	IconCode     Icon = "M4 6v12M7 6v12M10 6v12M14 6v12M17 6v12M20 6v12"
	IconWeb      Icon = "M10 14a4 4 0 0 0 5.7 0l3.3-3.300a4 4 0 0 0 -5.7 -5.700L12 6.300M14 10a4 4 0 0 0 -5.7 0L5 13.300A4 4 0 0 0 10.7 19l1.3-1.3"
	IconPlane    Icon = "M10.5 13.500L3 11l1.5-1.5 7.5.5 4.5-4.500c1-1 2.5-1.5 3.3-.8.7.8.2 2.3-.8 3.300L14.5 12.500l.5 7.5-1.5 1.5-2.5-7.5-3.5 3.5.3 2.3-1.3 1.3-1.3-3-3-1.3 1.3-1.3 2.3.3z"
	IconInfo     Icon = "M12 21a9 9 0 1 0 0 -18a9 9 0 0 0 0 18zM12 11v5.5|M12 6.300a1.3 1.3 0 1 0 0 2.600a1.3 1.3 0 0 0 0 -2.600z"
	IconLock     Icon = "M6.5 11h11a1 1 0 0 1 1 1v8a1 1 0 0 1 -1 1h-11a1 1 0 0 1 -1 -1v-8a1 1 0 0 1 1 -1zM8 11V7.500a4 4 0 0 1 8 0V11M12 14.500v3"
	IconSun      Icon = "M12 16.500a4.5 4.5 0 1 0 0 -9a4.5 4.5 0 0 0 0 9zM12 2v2.500M12 19.500V22M2 12h2.500M19.5 12H22M5 5l1.7 1.700M17.3 17.300L19 19M5 19l1.7-1.700M17.3 6.700L19 5"
	IconHand     Icon = "M8 13V6.500a1.5 1.5 0 0 1 3 0V11M11 11V5a1.5 1.5 0 0 1 3 0v6M14 11V6.500a1.5 1.5 0 0 1 3 0V14c0 4-2.2 7-6 7-3 0-4.2-1.5-5.5-4L4 13.800c-.7-1.3 1-2.5 2-1.300l2 2.5"

	IconPill      Icon = "M10.5 20a4.6 4.6 0 0 1 -6.5 -6.500L13.5 4A4.6 4.6 0 0 1 20 10.500L10.5 20zM8.7 8.700l6.6 6.6"
	IconAllergy   Icon = "M12 14a2 2 0 1 0 0 -4a2 2 0 0 0 0 4zM12 10c-3-2-3-6.5 0-7.5 3 1 3 5.5 0 7.500zM12 14c-3 2-3 6.5 0 7.5 3-1 3-5.5 0-7.500zM10 12c-2-3-6.5-3-7.5 0 1 3 5.5 3 7.5 0zM14 12c2-3 6.5-3 7.5 0-1 3-5.5 3-7.5 0z"
	IconHeart     Icon = "M12 20.500C5.5 15.8 3 12.5 3 9a4.7 4.7 0 0 1 9 -2a4.7 4.7 0 0 1 9 2c0 3.5-2.5 6.8-9 11.500z"
	IconSyringe   Icon = "M17 3l4 4M19 5l-3.5 3.500M11.5 7.500l5 5L9 20H4v-5l7.5-7.500zM4 20l-1.5 1.500M10 11l1.8 1.800M7.5 13.500l1.8 1.8"
	IconFlask     Icon = "M9 3h6M10 3v6.500L4.8 18a2 2 0 0 0 1.7 3h11a2 2 0 0 0 1.7 -3L14 9.500V3M7.5 15h9"
	IconPulse     Icon = "M2.5 12.500H7L9.5 6l4.5 12.500L16.5 12.500h5"
	IconProcedure Icon = "M4.5 13.500l9-9a4.2 4.2 0 0 1 6 6l-9 9a4.2 4.2 0 0 1 -6 -6zM9 9l6 6M12 10.500h.1M10.5 12h.1M13.5 12h.1M12 13.500h.1"
	IconCalendar  Icon = "M5 5h14a1 1 0 0 1 1 1v13a1 1 0 0 1 -1 1H5a1 1 0 0 1 -1 -1V6a1 1 0 0 1 1 -1zM4 10h16M8.5 3v4M15.5 3v4"
	IconReport    Icon = "M6 3h9l4 4v13a1 1 0 0 1 -1 1H6a1 1 0 0 1 -1 -1V4a1 1 0 0 1 1 -1zM8.5 17v-3M12 17v-6M15.5 17v-4"
	IconDocument  Icon = "M6 3h9l4 4v13a1 1 0 0 1 -1 1H6a1 1 0 0 1 -1 -1V4a1 1 0 0 1 1 -1zM8.5 10h7M8.5 13.500h7M8.5 17h4"
	IconCard      Icon = "M4 5.500h16a1 1 0 0 1 1 1v11a1 1 0 0 1 -1 1H4a1 1 0 0 1 -1 -1v-11a1 1 0 0 1 1 -1zM3 10h18M6.5 14.500h4"
	IconBill      Icon = "M6 3h12v18l-2-1.5-2 1.5-2-1.5-2 1.5-2-1.500L6 21V3zM9 8h6M9 12h6M9 15.500h3"
	IconTarget    Icon = "M12 21a9 9 0 1 0 0 -18a9 9 0 0 0 0 18zM12 16.500a4.5 4.5 0 1 0 0 -9a4.5 4.5 0 0 0 0 9z|M12 10.700a1.3 1.3 0 1 0 0 2.600a1.3 1.3 0 0 0 0 -2.600z"
	IconDevice    Icon = "M7 4h10a1 1 0 0 1 1 1v14a1 1 0 0 1 -1 1H7a1 1 0 0 1 -1 -1V5a1 1 0 0 1 1 -1zM9 8h6v4H9zM9.5 16h.1M12 16h.1M14.5 16h.1"
	IconMore      Icon = "|M6 10.500a1.5 1.5 0 1 0 0 3a1.5 1.5 0 0 0 0 -3zM12 10.500a1.5 1.5 0 1 0 0 3a1.5 1.5 0 0 0 0 -3zM18 10.500a1.5 1.5 0 1 0 0 3a1.5 1.5 0 0 0 0 -3z"
)

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// resource is the icon in a colour. Fyne caches drawings by name, so the name
// tells both.
//
// Fyne's SVG painter scales outlines but not the width of their strokes, so the
// drawing is made in the pixels that it will have.
func (i Icon) resource(c color.NRGBA, stroke, pixels float32) fyne.Resource {
	k := max(pixels, 24) / 24
	lines, solid, _ := strings.Cut(string(i), "|")
	lines, solid, stroke = scaled(lines, k), scaled(solid, k), stroke*k
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]g" height="%[1]g" viewBox="0 0 %[1]g %[1]g">`, 24*k)
	if lines != "" {
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="%.2f" stroke-linecap="round" stroke-linejoin="round"/>`,
			lines, hex(c), stroke)
	}
	if solid != "" {
		fmt.Fprintf(&b, `<path d="%s" fill="%s"/>`, solid, hex(c))
	}
	b.WriteString(`</svg>`)
	return fyne.NewStaticResource(fmt.Sprintf("kit-%x-%s-%.2f.svg", string(i), hex(c)[1:], stroke), []byte(b.String()))
}

// scaled multiplies the lengths in a path's data. Of an arc's seven numbers the
// third is an angle, the fourth and fifth are flags.
func scaled(path string, k float32) string {
	var out strings.Builder
	command, n := byte(0), 0
	for i := 0; i < len(path); {
		c := path[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			command, n = c, 0
			out.WriteByte(c)
			i++
		case c == '-' || c == '.' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(path) && (path[end] == '.' && !strings.Contains(path[i:end], ".") || path[end] >= '0' && path[end] <= '9') {
				end++
			}
			v, _ := strconv.ParseFloat(path[i:end], 32)
			if arc := command == 'a' || command == 'A'; !arc || n%7 < 2 || n%7 > 4 {
				v *= float64(k)
			}
			fmt.Fprintf(&out, " %.3f", v)
			n++
			i = end
		default:
			i++
		}
	}
	return out.String()
}

// NewIcon draws an icon of the given side in Fyne units.
func NewIcon(l *Look, i Icon, c color.NRGBA, side float32) *canvas.Image {
	img := canvas.NewImageFromResource(i.resource(c, 2.1, side*l.Metrics.scale()))
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSquareSize(side))
	return img
}
