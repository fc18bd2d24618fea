// Package runfile has the settings of overseer run: what they are, how they are
// written in a TOML file and on the command line, and the overseer.Config that
// they make.
//
//   - Each setting has one name, which is its key in the file and its flag.
//   - A file is read strictly: a key that is not known is an error, and each
//     error names the line and the key.
//   - What the command line says overrides the file, setting by setting; a list
//     is replaced as a whole.
package runfile
