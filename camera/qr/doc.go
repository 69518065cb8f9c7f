// Package qr reads QR codes from grey pictures and from film, in pure Go.
//
// It promises: the exact text or none. A block of code words is believed only
// when an accident would make it less often than once in 2^26; format and
// version information are read by correlation; what does not parse to its end
// is dropped. Byte text without a declared character set is UTF-8 when it is
// valid UTF-8, else what gozxing guesses.
//
// How it reads, one idea a file:
//
//	shade, tone    black-white thresholds; the camera's tone curve undone
//	scan, spot     lines that cross what may be a finder pattern, pooled
//	pattern        the pattern fitted there with its own perspective
//	third, blind   a third finder sought, or guessed, where two want it
//	triple         three that belong together, and where the fourth corner is
//	gridfit, bend  the grid climbed onto all function modules; curved paper
//	sample         five taps a module, a threshold from close by
//	equalise       blur undone by a filter that the known modules teach
//	format, versioninfo, codewords, erasure, text   modules to text
//	search         all of that in stages, within an effort that is counted
//	film, track, background, hint   the same over time
//
// The layout tables of the standard, and data bits to text, are gozxing's.
//
// Effort is counted in nanoseconds of a reference machine and not clocked, so
// the same picture gives the same answer on a busy machine. Film uses one core
// in front and at most two goroutines behind.
//
// Limits: modules below about 1.4 pixels, motion beyond about two modules,
// defocus beyond one module's radius, and glare over more code words than the
// code can lose are not read. Micro QR and rMQR are not read. Of more than one
// code a still gives those met until the first wanted one.
//
// Pictures and texts may be protected health information: Reset and Close
// wipe every copy, nothing is written anywhere, no error holds a text.
package qr
