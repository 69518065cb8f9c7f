// Package say speaks: screens, prompts, keys and errors, in the patient's
// language, and gives the short sounds.
//
// The promise:
//   - Say comes back at once and speech starts within 300 ms where the engine
//     does; a new Say, Stop or Wipe cuts off what is being said.
//   - What is Private is spoken only while headphones are known to be plugged
//     in, or after the patient pressed "read aloud here"; the moment that ends,
//     it falls silent in the middle of a word. Not knowing counts as no
//     headphones.
//   - Text reaches an engine over its stdin or its socket, never as an argument
//     that other programs can read, and never a file or a log.
//   - Wipe forgets all of it: queue, what Repeat would say, the settings.
//
// espeak-ng is the engine of choice: it is a process a sentence and forgets.
// speech-dispatcher keeps a history of what was said for its clients, and its
// log may hold texts at high levels; it is used when it is asked for, or when
// espeak-ng is missing.
//
// The limits: whether headphones are plugged in is read from the sound server
// or the sound card; hardware that tells nobody is not seen. No engine is as
// good as a human voice, and espeak-ng's Vietnamese and Chinese are plain. Where
// there is no sound device at all, speech ends at once and OnError hears of it.
package say
