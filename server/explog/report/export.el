;; Convert excerpts of org text: a JSON list on stdin to a JSON list on stdout.  -*- lexical-binding: t -*-
;; Run by explog.report.convert as: emacs -Q --batch -l export.el html|latex|md
;; Nothing in an excerpt is run, included or fetched: whose text it is does not matter.
(require 'ox-html)
(require 'ox-latex)
(require 'ox-md)
(require 'json)

(setq org-export-use-babel nil
      org-export-global-macros nil
      org-export-allow-bind-keywords nil
      org-export-with-toc nil
      org-export-with-section-numbers nil
      org-export-with-broken-links t
      org-export-with-sub-superscripts '{}
      org-export-with-timestamps t
      org-html-with-latex 'verbatim
      org-html-htmlize-output-type nil
      org-resource-download-policy nil
      org-id-track-globally nil
      enable-local-variables nil
      coding-system-for-write 'utf-8)

(defun explog-export-link (link contents info)
  "Return LINK with CONTENTS as the parent back end has it if it is on the web; else the text.
INFO is the channel of the export."
  (let ((type (org-element-property :type link))
        (raw (org-element-property :raw-link link)))
    (if (member type '("http" "https" "mailto"))
        (funcall (cdr (assq 'link (org-export-get-all-transcoders
                                   (org-export-backend-parent (plist-get info :back-end)))))
                 link contents info)
      (or contents (org-export-data (list 'verbatim (list :value raw)) info)))))

(defconst explog-export-formula
  (concat "\\`\\(?:\\$\\|\\\\[([]\\|\\\\begin{\\(?:equation\\|align\\|alignat\\|flalign\\|gather\\|multline"
          "\\|eqnarray\\|displaymath\\|math\\)\\*?}\\)")
  "Matches the beginning of a formula.")

(defconst explog-export-command
  (concat "\\^\\^\\|\\\\\\(?:input\\|include\\|\\(?:begin\\|end\\){document\\|catcode\\|[egx]?def\\>"
          "\\|open\\(?:in\\|out\\)\\|read\\|write\\|immediate\\|special\\|csname\\|newcommand\\|renewcommand"
          "\\|usepackage\\|lstinput\\|verbatiminput\\|\\(?:let\\|futurelet\\|loop\\|stop\\|bye\\)\\>\\)")
  "Matches what reads files, ends the document or changes what follows.")

(defun explog-export-latex (object contents info)
  "Return OBJECT, a piece of LaTeX, as it is if it is a harmless formula; else show its text.
CONTENTS and INFO are as for other transcoders."
  (let ((value (org-element-property :value object))
        (type (org-element-type object)))
    (if (and (string-match-p explog-export-formula value)
             (not (string-match-p explog-export-command value)))
        (funcall (cdr (assq type (org-export-get-all-transcoders 'latex))) object contents info)
      (org-export-data
       (list (if (eq type 'latex-environment) 'example-block 'verbatim) (list :value value)) info))))

(dolist (parent '(html latex md))
  (org-export-define-derived-backend (intern (format "explog-%s" parent)) parent
    :translate-alist
    `((export-block . ignore) (export-snippet . ignore) (link . explog-export-link)
      (keyword . ignore)
      ,@(when (eq parent 'latex)
          '((latex-fragment . explog-export-latex) (latex-environment . explog-export-latex))))))

(let* ((backend (intern (format "explog-%s" (pop command-line-args-left))))
       (coding-system-for-read 'utf-8)
       (input (with-temp-buffer
                (condition-case nil
                    (while t (insert (read-string "") "\n"))
                  (error nil))
                (buffer-string)))
       (json-array-type 'list))
  (princ (json-encode
          (mapcar (lambda (text)
                    (random "explog")   ; ids of headings are random numbers
                    (condition-case nil
                        (org-export-string-as text backend t '(:headline-levels 9))
                      (error :json-null)))
                  (json-read-from-string input)))))
