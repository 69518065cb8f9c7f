package people

import (
	"bytes"
	"fmt"
	"strings"
)

// PDF makes a real, small PDF (1.4, US Letter, Helvetica in WinAnsi) of pages of
// text. The first line of a page is its heading. Characters outside Latin-1
// become question marks.
func PDF(title string, pages ...[]string) []byte {
	var b bytes.Buffer
	var offsets []int
	obj := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 6+2*i)
	}
	obj("<< /Type /Catalog /Pages 2 0 R >>")
	obj("<< /Type /Pages /Kids [%s] /Count %d >>", strings.TrimSpace(kids.String()), len(pages))
	obj("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	obj("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	obj("<< /Title (%s) /Producer (shlkiosk demo) >>", pdfText(title))
	for i, lines := range pages {
		obj("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>", 7+2*i)
		var c strings.Builder
		for n, line := range lines {
			font, size, y := "F1", 11, 700-18*n
			if n == 0 {
				font, size, y = "F2", 18, 730
			}
			fmt.Fprintf(&c, "BT /%s %d Tf 72 %d Td (%s) Tj ET\n", font, size, y, pdfText(line))
		}
		fmt.Fprintf(&c, "BT /F1 9 Tf 72 48 Td (%s, page %d of %d. Made-up person, for demonstration.) Tj ET\n", pdfText(title), i+1, len(pages))
		obj("<< /Length %d >>\nstream\n%sendstream", c.Len(), c.String())
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// pdfText writes a string for a PDF literal in WinAnsi.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r >= 32 && r < 127:
			b.WriteByte(byte(r))
		case r >= 160 && r < 256:
			fmt.Fprintf(&b, "\\%03o", r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
