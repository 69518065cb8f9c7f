// Package page turns what a record brings along, PDF documents and pictures,
// into images that a screen can show, and expects the worst of both.
//
// A PDF is drawn by pdftoppm of poppler-utils in a process of its own that
// gets the bytes over stdin and gives raw pixels on stdout. That process has
// no network, sees no file besides the program's own and the fonts, and may
// not write any (bubblewrap, where the system lets it); its processor time,
// memory and files are limited (prlimit); it is killed at a hard deadline; and
// what it gives is read up to a bound that was reckoned before. Nothing is
// written to disk here. Pictures are decoded by Go's own decoders after their
// size was looked at.
//
// The limits: where bubblewrap cannot work (no user namespaces), the process
// runs with its resource limits only; Isolation says so, and staff see it
// under diagnostics. Scripts, forms, sound and attachments of a PDF are not
// looked at, links lead nowhere: it is a picture. Text that poppler draws
// wrongly is shown wrongly; the document itself goes into the chart as it is.
package page
