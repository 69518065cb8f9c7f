package patient

import (
	"fmt"
	"strings"
)

// The drawings, in the palette's colours (see kit.Drawing). Flat shapes, one
// weight of line, nothing that moves.

// codeCells is a code as a phone shows it: enough of its squares to be known.
// Each letter of a row is one cell.
var codeCells = [...]string{
	"#######.#.##..#######",
	"#.....#..#.#..#.....#",
	"#.###.#.##..#.#.###.#",
	"#.###.#..##...#.###.#",
	"#.###.#.#.#.#.#.###.#",
	"#.....#..##.#.#.....#",
	"#######.#.#.#.#######",
	".........##..........",
	"#.##..##.#.##..#.##.#",
	".##.#...##..#.##...#.",
	"#..##.#.#.###..##.#.#",
	".#..#...##.#.#...##..",
	"##.#.##..#..##.#..#.#",
	"........#.##..#.##...",
	"#######..##.#.#..#.##",
	"#.....#.#...##..#.#..",
	"#.###.#..#.#..####.##",
	"#.###.#.##..#..#..#..",
	"#.###.#..#.##.#.##..#",
	"#.....#.#.#..#..#.##.",
	"#######..##.##.#..#.#",
}

// drawnCode draws the code at a place, each cell so wide. It is one path: the
// painter goes over the whole picture once for every path.
func drawnCode(x, y, cell float64) string {
	var b strings.Builder
	b.WriteString(`<path fill="{ink}" d="`)
	for r, row := range codeCells {
		for c := 0; c < len(row); c++ {
			from := c
			for c < len(row) && row[c] == '#' {
				c++
			}
			if c > from {
				fmt.Fprintf(&b, "M%.2f %.2fh%.2fv%.2fh-%.2fz", x+float64(from)*cell, y+float64(r)*cell,
					float64(c-from)*cell, cell+0.1, float64(c-from)*cell)
			}
		}
	}
	b.WriteString(`"/>`)
	return b.String()
}

// drawnWelcome is a phone that shows its code to the camera of a kiosk.
var drawnWelcome = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="205" r="178" fill="{soft}"/>
<path d="M200 84L108 232h184z" fill="{card}" fill-opacity="0.75"/>
<rect x="140" y="44" width="120" height="46" rx="23" ry="23" fill="{art}"/>
<circle cx="200" cy="67" r="15" fill="{card}"/><circle cx="200" cy="67" r="8" fill="{ink}"/>
<rect x="118" y="158" width="164" height="222" rx="20" ry="20" fill="{ink}"/>
<rect x="127" y="170" width="146" height="198" rx="10" ry="10" fill="{card}"/>
<rect x="152" y="186" width="96" height="10" rx="5" ry="5" fill="{soft}"/>
` + drawnCode(142, 206, 5.5) + `
<rect x="168" y="334" width="64" height="10" rx="5" ry="5" fill="{soft}"/>
<path d="M92 384c-6-44 0-74 26-94v60zM308 384c6-44 0-74-26-94v60z" fill="{art}"/>
</svg>`

// drawnWhere is an app that shares its code.
var drawnWhere = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="200" r="190" fill="{soft}"/>
<rect x="60" y="70" width="150" height="262" rx="20" ry="20" fill="{ink}"/><rect x="69" y="82" width="132" height="238" rx="10" ry="10" fill="{card}"/>
<circle cx="135" cy="128" r="22" fill="{art}"/><path d="M124 128h22M135 117v22" stroke="{card}" stroke-width="7" stroke-linecap="round"/>
<rect x="84" y="168" width="102" height="12" rx="6" ry="6" fill="{soft}"/><rect x="84" y="192" width="102" height="12" rx="6" ry="6" fill="{soft}"/>
<rect x="84" y="224" width="102" height="40" rx="12" ry="12" fill="{primary}"/><path d="M118 244h30M138 234l12 10-12 10" fill="none" stroke="{onprimary}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/>
<path d="M224 200h34M246 186l16 14-16 14" fill="none" stroke="{ink}" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/>
<rect x="276" y="120" width="104" height="160" rx="16" ry="16" fill="{ink}"/><rect x="283" y="130" width="90" height="140" rx="7" ry="7" fill="{card}"/>
` + drawnCode(292, 164, 3.4) + `
</svg>`

// drawnDesk is a person behind a counter.
const drawnDesk = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="200" r="178" fill="{soft}"/>
<circle cx="200" cy="130" r="46" fill="{art}"/>
<path d="M112 262c6-58 40-78 88-78s82 20 88 78z" fill="{art}"/>
<path d="M182 186l18 24 18-24z" fill="{card}"/>
<rect x="46" y="254" width="308" height="26" rx="10" ry="10" fill="{ink}"/>
<rect x="66" y="280" width="268" height="84" fill="{card}" stroke="{ink}" stroke-width="6"/>
<path d="M256 254a26 26 0 0 1 52 0z" fill="{primary}"/><circle cx="282" cy="226" r="6" fill="{primary}"/>
</svg>`

// drawnDone is a tick.
const drawnDone = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="200" r="178" fill="{soft}"/><circle cx="200" cy="200" r="112" fill="{primary}"/>
<path d="M148 204l36 38 70-80" fill="none" stroke="{onprimary}" stroke-width="22" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`

// drawnGetting is a record on its way to the kiosk.
const drawnGetting = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="200" r="178" fill="{soft}"/>
<path d="M112 70h120l56 56v204a14 14 0 0 1-14 14H126a14 14 0 0 1-14-14z" fill="{card}" stroke="{ink}" stroke-width="8" stroke-linejoin="round"/>
<path d="M232 70v56h56z" fill="{soft}" stroke="{ink}" stroke-width="8" stroke-linejoin="round"/>
<path d="M186 168h28v30h30v28h-30v30h-28v-30h-30v-28h30z" fill="{art}"/>
<rect x="148" y="284" width="104" height="12" rx="6" ry="6" fill="{soft}"/><rect x="148" y="310" width="72" height="12" rx="6" ry="6" fill="{soft}"/>
</svg>`

// drawnSending is a record on its way into the clinic.
const drawnSending = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<circle cx="200" cy="200" r="186" fill="{soft}"/>
<path d="M52 132h78l34 34v118a12 12 0 0 1-12 12H64a12 12 0 0 1-12-12z" fill="{card}" stroke="{ink}" stroke-width="7" stroke-linejoin="round"/>
<path d="M130 132v34h34z" fill="{soft}" stroke="{ink}" stroke-width="7" stroke-linejoin="round"/>
<path d="M98 192h20v20h20v20h-20v20H98v-20H78v-20h20z" fill="{art}"/>
<rect x="76" y="268" width="64" height="9" rx="4" ry="4" fill="{soft}"/>
<path d="M180 226h34M200 210l18 16-18 16" fill="none" stroke="{ink}" stroke-width="9" stroke-linecap="round" stroke-linejoin="round"/>
<path d="M232 296V168l60-46 60 46v128z" fill="{card}" stroke="{ink}" stroke-width="7" stroke-linejoin="round"/>
<path d="M283 164h18v18h18v18h-18v18h-18v-18h-18v-18h18z" fill="{primary}"/>
<path d="M276 296v-46h32v46z" fill="{art}"/>
<path d="M36 300h328" stroke="{ink}" stroke-width="8" stroke-linecap="round"/>
</svg>`
