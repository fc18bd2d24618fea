package cli

import (
	"fmt"
	"strings"
)

// The three scripts work alike: the words before the cursor lead to a place, by a
// table of all places; there the flag before the cursor says which values may
// follow, else words and flags may.

// branches writes the case table by which words lead to a place.
func (c completed) branches(indent string) string {
	var b strings.Builder
	for _, p := range c.places {
		for _, w := range p.words {
			key := p.path + " " + w.Name
			fmt.Fprintf(&b, "%s%s) path=%s ;;\n", indent, shellQuote(key), shellQuote(strings.TrimSpace(key)))
		}
	}
	return b.String()
}

// shellQuote is a text as one word of bash and zsh.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func names(words []Word) (all []string) {
	for _, w := range words {
		all = append(all, w.Name)
	}
	return all
}

func dashed(flags []Option) (all []string) {
	for _, f := range flags {
		all = append(all, f.dashed())
	}
	return all
}

// values writes the case table of flags that are followed by something. one, file
// and other write what completes those with few values, files and anything else.
func (c completed) values(indent string, one func([]string) string, file, other string) string {
	var b strings.Builder
	for _, p := range c.places {
		for _, f := range p.flags {
			if f.Value == "" {
				continue
			}
			do := other
			if len(f.Values) > 0 {
				do = one(f.Values)
			} else if f.ofFile() {
				do = file
			}
			fmt.Fprintf(&b, "%s%s) %s ;;\n", indent, shellQuote(p.path+":"+f.dashed()), do)
		}
	}
	return b.String()
}

func bashScript(c completed) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Completion of %[1]s for bash. It is used by: eval "$(%[1]s completion bash)"
%[2]s_complete() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path='' words='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${COMP_WORDS[i]}" in
%[3]s    esac
  done
  case "$path:$prev" in
%[4]s  esac
  case "$path" in
`, c.name, c.function, c.branches("      "), c.values("    ", func(all []string) string {
		return fmt.Sprintf(`COMPREPLY=($(compgen -W %s -- "$cur")); return`, shellQuote(strings.Join(all, " ")))
	}, `COMPREPLY=($(compgen -f -- "$cur")); return`, "return"))
	for _, p := range c.places {
		fmt.Fprintf(&b, "    %s) words=%s flags=%s ;;\n", shellQuote(p.path), shellQuote(strings.Join(names(p.words), " ")), shellQuote(strings.Join(dashed(p.flags), " ")))
	}
	fmt.Fprintf(&b, `  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
  esac
  if [ -z "$words" ] && [ ${#COMPREPLY[@]} -eq 0 ]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -F %s_complete %s
`, c.function, c.name)
	return b.String()
}

func zshScript(c completed) string {
	described := func(all []string, about []string) string {
		var parts []string
		for i, name := range all {
			parts = append(parts, shellQuote(strings.ReplaceAll(name, ":", `\:`)+":"+Line(short(about[i]))))
		}
		return strings.Join(parts, " ")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `#compdef %[1]s
# Completion of %[1]s for zsh.
%[2]s_complete() {
  local path_='' i
  local -a list flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_ ${words[i]}" in
%[3]s    esac
  done
  case "$path_:${words[CURRENT-1]}" in
%[4]s  esac
  case "$path_" in
`, c.name, c.function, strings.ReplaceAll(c.branches("      "), ") path=", ") path_="), c.values("    ", func(all []string) string {
		return "compadd -- " + strings.Join(all, " ") + "; return"
	}, "_files; return", "_message value; return"))
	for _, p := range c.places {
		var words, flags []string
		for _, w := range p.words {
			words = append(words, w.About)
		}
		for _, f := range p.flags {
			flags = append(flags, f.About)
		}
		fmt.Fprintf(&b, "    %s) list=(%s) flags=(%s) ;;\n", shellQuote(p.path), described(names(p.words), words), described(dashed(p.flags), flags))
	}
	fmt.Fprintf(&b, `  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o flag flags
  elif (( ${#list} )); then
    _describe word list
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_%[1]s" ]; then
  %[2]s_complete "$@"
else
  compdef %[2]s_complete %[1]s
fi
`, c.name, c.function)
	return b.String()
}

func fishScript(c completed) string {
	var b strings.Builder
	f := "_" + c.function
	fmt.Fprintf(&b, `# Completion of %[1]s for fish.
function %[2]s_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch "$path $word"
`, c.name, f)
	for _, p := range c.places {
		for _, w := range p.words {
			key := p.path + " " + w.Name
			fmt.Fprintf(&b, "      case %s\n        set path %s\n", fishQuote(key), fishQuote(strings.TrimSpace(key)))
		}
	}
	fmt.Fprintf(&b, `    end
  end
  echo "$path"
end
function %[1]s_at
  test (%[1]s_path) = "$argv[1]"
end
complete -c %[2]s -f
`, f, c.name)
	for _, p := range c.places {
		at := fishQuote(fmt.Sprintf("%s_at %s", f, fishQuote(p.path)))
		for _, w := range p.words {
			fmt.Fprintf(&b, "complete -c %s -n %s -a %s -d %s\n", c.name, at, fishQuote(w.Name), fishQuote(Line(short(w.About))))
		}
		if len(p.words) == 0 && p.path != "" {
			fmt.Fprintf(&b, "complete -c %s -n %s -F\n", c.name, at)
		}
		for _, o := range p.flags {
			how := "-l " + o.Name
			if len(o.Name) == 1 {
				how = "-s " + o.Name
			}
			switch {
			case len(o.Values) > 0:
				how += " -x -a " + fishQuote(strings.Join(o.Values, " "))
			case o.ofFile():
				how += " -r -F"
			case o.Value != "":
				how += " -x"
			}
			fmt.Fprintf(&b, "complete -c %s -n %s %s -d %s\n", c.name, at, how, fishQuote(Line(short(o.About))))
		}
	}
	return b.String()
}

// fishQuote is a text as one word of fish, which knows two escapes inside quotes.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
