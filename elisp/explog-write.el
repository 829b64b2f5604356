;;; explog-write.el --- Write into an experiment of a log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What `explog-note', `explog-add-step' and `explog-conclude' share: they
;; find out which experiment is meant and which buffer has it, refuse to
;; write where that is not safe, make one change that `undo' takes back as
;; a whole, and find or add headings and list items.
;;
;; Only whole lines are inserted, after an existing line.  No other byte of
;; the log changes.
;;
;; A draft is text for a log that is written in a buffer of its own, from
;; magit, a commit message or code.  C-c C-c inserts it into the log, C-c
;; C-k discards it.  Unlike an Org capture, it is not in the log before it
;; is finished.  So nothing has to be taken back, the log may change
;; meanwhile, and text that cannot be inserted stays in the draft.

;;; Code:

(require 'explog-base)
(require 'explog-complete)
(require 'explog-edit)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-server)
(require 'explog-steps)
(require 'explog-visit)
(eval-when-compile (require 'explog-history))
(require 'org)
(require 'seq)
(require 'subr-x)

(declare-function org-get-valid-level "org" (level &optional change))
(declare-function org-in-item-p "org-list" ())
(declare-function org-list-get-all-items "org-list" (item struct prevs))
(declare-function org-list-get-bullet "org-list" (item struct))
(declare-function org-list-get-children "org-list" (item struct parents))
(declare-function org-list-get-item-end-before-blank "org-list" (item struct))
(declare-function org-list-get-parent "org-list" (item struct parents))
(declare-function org-list-parents-alist "org-list" (struct))
(declare-function org-list-prevs-alist "org-list" (struct))
(declare-function org-list-struct "org-list" ())
(declare-function org-add-log-note "org" (&optional purpose))
(declare-function org-todo "org" (&optional arg))
(defvar org-adapt-indentation)
(defvar org-log-note-how)
(defvar org-log-setup)
(defvar org-loop-over-headlines-in-active-region)
(defvar org-todo-keywords-1)

;;;; Experiment and step

(defun explog-write-about (prompt)
  "Return (ID . STEP) of what is meant here; ask with PROMPT if it is not clear."
  (or (explog-point-choose prompt (explog-write-about--meant))
      (list (explog-read-experiment (concat prompt ": ")))))

(defun explog-write-about-step (prompt)
  "Ask with PROMPT for an experiment and for a step; return (ID . STEP).
The experiment that is meant here is the initial input."
  (explog-ref-parse
   (explog-read-reference (concat prompt ": ") (caar (explog-write-about--meant)))))

(defun explog-write-about-name (about)
  "Return ABOUT, (ID . STEP), as a reference without brackets."
  (explog-ref-string (car about) (cdr about)))

(defun explog-write-about--meant ()
  "Return what may be meant here, a list of (ID . STEP), the likeliest first.
In a log, that is the experiment around point, whatever the text at
point refers to; elsewhere see `explog-point-meant'."
  (if-let ((here (explog-ref-in-log)))
      (list here)
    (explog-point-meant)))

;;;; Related commit

(defun explog-write-about-commit (about)
  "Return the abbreviated hash of the commit related to ABOUT, or nil.
ABOUT is (ID . STEP).  The commit is the one at point in magit; or HEAD
while a commit message is written; or the newest with a reference to
ABOUT."
  (let ((point (and (not (explog-ref-in-log)) (explog-point))))
    (cond ((and point (explog-point-commit point))
           (explog-write-about--short point (explog-point-commit point)))
          ((explog-point-message-p) (explog-write-about--short nil "HEAD"))
          (t (explog-write-about--newest about)))))

(defun explog-write-about--short (point revision)
  "Return the abbreviated hash of REVISION in the repository of POINT."
  (explog-point-git point revision "rev-parse" "--short" "--verify" "--quiet"))

(defun explog-write-about--newest (about)
  "Return the hash of the newest commit for ABOUT, (ID . STEP), or nil.
A commit that only mentions ABOUT counts if there is no other."
  (let ((commits (explog-server-try
                  "commits" (list (car about) (or (cdr about) "")))))
    (when-let ((commit (or (seq-find (lambda (commit)
                                       (not (equal "mention" (explog-history-commit-place commit))))
                                     commits)
                           (seq-find #'identity commits))))
      (explog-history-commit-short commit))))

;;;; Which buffer

(defun explog-write-visit (id)
  "Return (BUFFER . NEW): the buffer of the log with experiment ID.
Visit the log if necessary; NEW is non-nil if it was not visited before.
Prefer the current buffer.  Signal a `user-error' if writing there is not
possible."
  (let* ((buffers (buffer-list))
         (buffer (if (explog-write-here-p id)
                     (current-buffer)
                   (find-file-noselect (expand-file-name (explog-visit-file id)))))
         (new (not (memq buffer buffers)))
         (done nil))
    (unwind-protect
        (progn (explog-write-check buffer id)
               (setq done t)
               (cons buffer new))
      (when (and new (not done))
        (explog-write-forget buffer)))))

(defun explog-write-here-p (id)
  "Return non-nil if experiment ID is in the current buffer, a log."
  (and (explog-log-here-p)
       (save-restriction
         (widen)
         (explog-log-find id))))

(defun explog-write-base (&optional buffer)
  "Return the base buffer of BUFFER, which defaults to the current one."
  (or (buffer-base-buffer buffer) buffer (current-buffer)))

;;;; What must not be written

(defun explog-write-check (buffer id)
  "Signal a `user-error' if experiment ID in BUFFER must not be written."
  (with-current-buffer (explog-write-base buffer)
    (unless (derived-mode-p 'org-mode)
      (user-error "%s is not in Org mode" (buffer-name)))
    (when-let ((problem (explog-edit-problem)))
      (user-error "%s" (explog-write--sentence problem)))
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (explog-write--place id))
        (when-let ((line (explog-write--conflict)))
          (user-error "Line %d is left from a merge conflict; resolve it first" line))))))

(defun explog-write--sentence (text)
  "Return TEXT with a capital letter, unless it begins with a file name."
  (if (string-prefix-p "the " text)
      (concat "T" (substring text 1))
    text))

(defun explog-write--place (id)
  "Return the position of experiment ID in this buffer, which is widened.
Signal a `user-error' unless there is exactly one."
  (let ((places (explog-log-places id)))
    (cond ((null places)
           (user-error "%s does not have experiment %s any more" (buffer-name) id))
          ((cdr places)
           (user-error "Experiment %s is there twice, in lines %d and %d" id
                       (line-number-at-pos (car places))
                       (line-number-at-pos (cadr places))))
          (t (car places)))))

(defun explog-write--conflict ()
  "Return the line number of a merge conflict in the entry at point, or nil.
Seven equal signs below a title of the same length are no conflict, but
an underlined title as in Markdown."
  (save-excursion
    (let ((end (explog-log-entry-end)) found)
      (while (and (not found)
                  (re-search-forward
                   "^\\(?:\\(?:<<<<<<<\\|>>>>>>>\\||||||||\\)\\(?: \\|\r?$\\)\\|=======\r?$\\)"
                   end t))
        (beginning-of-line)
        (unless (and (eq ?= (char-after))
                     (= 7 (length (string-trim-right (explog-write--line 0))))
                     (= 7 (length (string-trim-right (explog-write--line -1)))))
          (setq found (line-number-at-pos)))
        (end-of-line))
      found)))

(defun explog-write--line (offset)
  "Return the text of the line OFFSET lines after the current one."
  (save-excursion
    (forward-line offset)
    (buffer-substring-no-properties (point) (line-end-position))))

;;;; Changes

(defun explog-write-at (buffer id function)
  "Call FUNCTION in BUFFER at the heading of experiment ID; return its value.
BUFFER is widened meanwhile."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (explog-write--place id))
        (funcall function)))))

(defun explog-write-change (buffer id function)
  "Call FUNCTION in BUFFER at the heading of experiment ID; return its value.
All its changes are one step for `undo'.  If it does not return normally,
nothing is changed."
  (explog-write-check buffer id)
  (explog-write-at
   buffer id
   (lambda ()
     (undo-boundary)
     (let ((changes (prepare-change-group))
           (deactivate-mark nil))
       (prog1 (atomic-change-group
                (funcall function))
         (undo-amalgamate-change-group changes)
         (undo-boundary))))))

(defun explog-write-typing (id put &optional finish)
  "Change experiment ID in this buffer, and let the user go on typing there.
Call PUT at the heading of the experiment; it returns where point shall
be.  Then call FINISH unless it is nil.  If that position is outside of
the narrowed buffer, change nothing and return nil."
  (let ((least (point-min-marker))
        (most (copy-marker (point-max) t)))
    (when-let ((place (catch 'explog-hidden
                        (explog-write-change
                         (current-buffer) id
                         (lambda ()
                           (let ((place (copy-marker (save-excursion (funcall put)))))
                             (unless (<= least place most)
                               (throw 'explog-hidden nil))
                             (when finish
                               (funcall finish))
                             place))))))
      (push-mark nil t)
      (goto-char place)
      (explog-visit-unfold)
      t)))

(defun explog-write-away (buffer id function &optional what)
  "Call `explog-write-change' with BUFFER, ID and FUNCTION from elsewhere.
Save BUFFER unless it was modified before.  Show a message that says WHAT
was written, by default the value of FUNCTION."
  (let* ((base (explog-write-base buffer))
         (modified (buffer-modified-p base))
         (value (explog-write-change buffer id function)))
    (unless modified
      (explog-write-save base))
    (message "explog: %s%s" (or what value)
             (if modified
                 (format " (not saved, as %s has other changes)" (buffer-name base))
               ""))))

(defun explog-write-save (buffer)
  "Save BUFFER if it is modified, without adding a newline at its end."
  (with-current-buffer buffer
    (when (buffer-modified-p)
      (let ((save-silently t)
            (require-final-newline nil))
        (save-buffer)))))

(defun explog-write-forget (buffer)
  "Kill BUFFER, which visits a log, unless it is modified or displayed."
  (when (and (buffer-live-p buffer)
             (not (buffer-modified-p buffer))
             (not (get-buffer-window buffer t)))
    (kill-buffer buffer)))

;;;; Lines

(defun explog-write-lines (position lines)
  "Insert LINES, strings, after the line of POSITION.
Hide them if they are in a fold.  Return the end of the last one."
  (goto-char position)
  (goto-char (line-end-position))
  ;; If a file mixes line ends, its buffer contains the carriage returns.
  (let ((return (if (eq (char-before) ?\r) "\r" "")))
    (explog-edit-insert
     (mapconcat (lambda (line) (concat "\n" line return)) lines ""))
    (- (point) (length return))))

;;;; States

(defun explog-write-todo (state)
  "Set the STATE of the heading at point, and log it unless that needs a note.
Left to itself, Org logs after the command, and only for the last heading."
  (let ((org-loop-over-headlines-in-active-region nil))
    (org-todo state))
  (when (and org-log-setup (memq org-log-note-how '(time state)))
    (save-window-excursion
      (save-excursion
        (org-add-log-note)))))

;;;; Headings

(defun explog-write-conclusions-p ()
  "Return non-nil if the heading at point is the one for conclusions."
  (string-prefix-p "conclusion" (downcase (explog-steps-title))))

(defun explog-write-child (test)
  "Return the position of the first child heading that passes TEST, or nil.
Call TEST with point there.  Leave out children that are experiments."
  (seq-find (lambda (child)
              (save-excursion
                (goto-char child)
                (and (not (explog-heading-id t)) (funcall test))))
            (explog-steps-children)))

(defun explog-write-section-end (section)
  "Return the end of the last line of text of the heading at SECTION.
The text of its child headings does not count."
  (save-excursion
    (goto-char section)
    (goto-char (line-end-position))
    (if (re-search-forward "^\\*+ " nil t)
        (goto-char (match-beginning 0))
      (goto-char (point-max)))
    (explog-write-text-end (point))))

(defun explog-write-text-end (position)
  "Return the end of the last line with text before POSITION."
  (save-excursion
    (goto-char position)
    (skip-chars-backward " \t\r\n")
    (line-end-position)))

(defun explog-write-make-section (title before)
  "Insert a child heading TITLE, and return its position.
Insert it before the child at BEFORE, or at the end if BEFORE is nil.
Experiments beneath this one stay last."
  (let* ((children (explog-steps-children))
         (next (or before (seq-find #'explog-steps-child-id children)))
         ;; Children may have different levels; use that of the neighbor.
         (like (or next (car (last children))))
         (stars (explog-write--stars like))
         (end (explog-write-text-end (or next (explog-log-entry-end)))))
    (save-excursion
      (goto-char (explog-write-lines
                  end (append (and (explog-write--spaced-p like) '(""))
                              (list (concat stars " " title)))))
      (line-beginning-position))))

(defun explog-write--stars (child)
  "Return the stars for a child heading, as many as CHILD has.
If CHILD is nil, return those for a child of the heading at point."
  (save-excursion
    (if child
        (progn (goto-char child)
               (make-string (skip-chars-forward "*") ?*))
      (make-string (org-get-valid-level (skip-chars-forward "*") 1) ?*))))

(defun explog-write--spaced-p (heading)
  "Return non-nil if there is a blank line before HEADING, or HEADING is nil."
  (or (null heading)
      (save-excursion
        (goto-char heading)
        (forward-line -1)
        (looking-at-p "[ \t\r]*$"))))

(defun explog-write-keyword ()
  "Return the keyword for a new section with a blank, or an empty string."
  (cond ((member "TODO" org-todo-keywords-1) "TODO ")
        ((car org-todo-keywords-1) (concat (car org-todo-keywords-1) " "))
        (t "")))

;;;; Lists

(defun explog-write-keeping-steps (function &optional new)
  "Call FUNCTION and return its value; check that each step stays the same.
NEW is the number of the only step that it may add.  Org and explog
interpret some lists with irregular indentation differently.  If the
steps are others afterwards, signal a `user-error'."
  (let* ((before (explog-write--steps))
         (value (save-excursion (funcall function)))
         (after (explog-write--steps)))
    (unless (and (equal before (assoc-delete-all new after))
                 (or (null new) (assoc new (explog-steps))))
      (user-error "The lists of this experiment are indented in such a way \
that steps would change; nothing was written"))
    value))

(defun explog-write--steps ()
  "Return an alist (NUMBER . TEXT) of each step, without cookies."
  (mapcar (lambda (step)
            (cons (car step)
                  (replace-regexp-in-string
                   explog-heading-cookie-regexp "" (explog-steps-text (cadr step)))))
          (explog-steps)))

(defun explog-write-siblings (item struct)
  "Return the items of STRUCT in the same list as ITEM."
  (org-list-get-all-items item struct (org-list-prevs-alist struct)))

(defun explog-write-indent (item)
  "Return the blanks before the bullet of ITEM."
  (save-excursion
    (goto-char item)
    (buffer-substring-no-properties item (progn (skip-chars-forward " \t") (point)))))

(defun explog-write-beneath (item struct)
  "Return the indentation for text inside ITEM of STRUCT."
  (concat (explog-write-indent item)
          (make-string (length (org-list-get-bullet item struct)) ?\s)))

(defun explog-write-children (item struct)
  "Return the items of STRUCT directly inside ITEM."
  (org-list-get-children item struct (org-list-parents-alist struct)))

(defun explog-write-open-list (item struct)
  "Return an item of the list at the end of ITEM in STRUCT, or nil.
Text that is inserted at the end of ITEM either continues that list or
has to end it."
  (let ((last (car (last (explog-write-children item struct)))))
    (and last
         (= (org-list-get-item-end-before-blank last struct)
            (org-list-get-item-end-before-blank item struct))
         last)))

(defun explog-write-item (text bullet)
  "Return TEXT as the lines of a list item with BULLET, like \"  - \".
Further lines are indented, so that none of them is a heading or an item
of the same list.  Blank lines are merged, because two of them would end
the list."
  (let* ((lines (split-string (explog-write--single-blanks text) "\n"))
         (indent (concat (and (string-match "\\`[ \t]+" bullet) (match-string 0 bullet))
                         (make-string (length (string-trim-left bullet)) ?\s))))
    (cons (concat bullet (car lines))
          (mapcar (lambda (line) (if (string-blank-p line) "" (concat indent line)))
                  (cdr lines)))))

(defun explog-write--single-blanks (text)
  "Return TEXT without blank lines at its ends, and with no two in a row."
  (replace-regexp-in-string
   "\n\\(?:[ \t]*\n\\)\\{2,\\}" "\n\n"
   (replace-regexp-in-string
    "\\`\\(?:[ \t]*\n\\)+\\|\\(?:\n[ \t]*\\)+\\'" ""
    (replace-regexp-in-string "\r\n?" "\n" text))))

(defun explog-write-ordered-p (item struct)
  "Return non-nil if an item in the list of ITEM in STRUCT has a number."
  (seq-some (lambda (sibling)
              (string-match-p "\\`[0-9]" (org-list-get-bullet sibling struct)))
            (explog-write-siblings item struct)))

(defun explog-write-bullet (item struct)
  "Return the bullet of ITEM in STRUCT with its indentation and a blank."
  (concat (explog-write-indent item)
          (string-trim (org-list-get-bullet item struct)) " "))

;;;; Notes

(defun explog-write-put-note (section text)
  "Insert a note with TEXT at the end of the heading at SECTION."
  (let ((end (explog-write-section-end section)))
    (pcase-let ((`(,bullet . ,between) (explog-write--list-at end section)))
      (explog-write-lines end (append between (explog-write-item text bullet))))))

(defun explog-write--list-at (end section)
  "Return (BULLET . LINES) for a note after the line at END, in SECTION.
The note continues a list of notes that ends there.  LINES must be
inserted before it, to end a list of another kind."
  (save-excursion
    (goto-char end)
    (if-let ((item (org-in-item-p)))
        (let* ((struct (progn (goto-char item) (org-list-struct)))
               (top (explog-write--outermost item struct)))
          (if (explog-write-ordered-p top struct)
              (list "- " "" "")
            (list (explog-write-bullet top struct))))
      (list (concat (explog-write--indent section) "- ")))))

(defun explog-write--outermost (item struct)
  "Return the outermost item of STRUCT around ITEM, or ITEM itself."
  (let ((parents (org-list-parents-alist struct)) above)
    (while (setq above (org-list-get-parent item struct parents))
      (setq item above))
    item))

(defun explog-write--indent (section)
  "Return the indentation of text under the heading at SECTION."
  (if (eq org-adapt-indentation t)
      (save-excursion
        (goto-char section)
        (make-string (1+ (skip-chars-forward "*")) ?\s))
    ""))

;;;; Drafts

(defvar-local explog-draft--finish nil
  "The function that is called with the text of this draft.")

(defvar-local explog-draft--cancel nil
  "The function that is called when this draft is discarded, or nil.")

(defvar-local explog-draft--initial nil
  "The initial text of this draft.")

(defvar-local explog-draft--window nil
  "The window that was selected when this draft was begun.")

(defvar explog-draft-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'explog-draft-finish)
    (define-key map (kbd "C-c C-k") #'explog-draft-cancel)
    map)
  "The keys of `explog-draft-mode'.")

(define-minor-mode explog-draft-mode
  "Minor mode of a buffer with a draft for an experiment log.

\\{explog-draft-mode-map}"
  :lighter " Draft"
  :interactive nil)

(defun explog-draft-begin (what initial finish &optional cancel)
  "Pop up a buffer for a draft of WHAT, a string like \"note on e201\".
INITIAL is its initial text.  When the draft is finished, call FINISH
with its text; if that signals an error, the draft stays.  If FINISH
returns a function, call it when the draft is gone.  When the draft is
discarded, call CANCEL unless it is nil."
  (let ((window (selected-window))
        (buffer (generate-new-buffer (format "*explog %s*" what))))
    (with-current-buffer buffer
      (org-mode)
      (explog-draft-mode)
      (insert initial)
      (set-buffer-modified-p nil)
      (setq buffer-undo-list nil
            explog-draft--initial initial
            explog-draft--finish finish
            explog-draft--cancel cancel
            explog-draft--window window)
      (setq-local header-line-format (explog-draft--header what)
                  buffer-offer-save t)
      (add-hook 'kill-buffer-query-functions #'explog-draft--kill-p nil t))
    (pop-to-buffer buffer)))

(defun explog-draft--kill-p ()
  "Return non-nil if this buffer may be killed; ask if it is modified."
  (or (not (buffer-modified-p))
      (yes-or-no-p "What you wrote is not in the log yet; kill it all the same? ")))

(defun explog-draft--header (what)
  "Return the header line of a draft of WHAT."
  (substitute-command-keys
   (format "%s: \\[explog-draft-finish] puts it into the log, \
\\[explog-draft-cancel] discards it"
           (string-replace "%" "%%" (concat (capitalize (substring what 0 1))
                                            (substring what 1))))))

(defun explog-draft-finish ()
  "Insert this draft into the log."
  (interactive)
  (let ((text (buffer-substring-no-properties (point-min) (point-max))))
    (when (string= (string-trim text) (string-trim explog-draft--initial))
      (user-error (substitute-command-keys "Nothing is written yet; \
\\[explog-draft-cancel] discards the draft")))
    (let* ((draft (current-buffer))
           (restore (window-parameter nil 'quit-restore))
           (before (window-prev-buffers))
           (then (save-current-buffer
                   (funcall explog-draft--finish text))))
      ;; When Org logs, it shows other buffers in the window for a moment.
      (when-let ((window (get-buffer-window draft)))
        (set-window-parameter window 'quit-restore restore)
        (set-window-prev-buffers window before))
      (explog-draft--close draft)
      (when then
        (funcall then)))))

(defun explog-draft-cancel ()
  "Discard this draft; the log stays as it is."
  (interactive)
  (let ((cancel explog-draft--cancel))
    (explog-draft--close (current-buffer))
    (when cancel
      (funcall cancel))
    (message "explog: nothing was written")))

(defun explog-draft--close (draft)
  "Kill the buffer DRAFT, and select the window where it was begun."
  (let ((window (get-buffer-window draft))
        (back (buffer-local-value 'explog-draft--window draft)))
    (with-current-buffer draft
      (set-buffer-modified-p nil))      ; so that killing it does not prompt
    (if window
        (quit-restore-window window 'kill)
      (kill-buffer draft))
    (when (window-live-p back)
      (select-window back))))

(provide 'explog-write)
;;; explog-write.el ends here
