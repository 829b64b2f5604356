;;; explog-note.el --- Notes, steps and conclusions of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-note' begins a note with the time and the hash of the related
;; commit.  In a log the note is begun in its place; from elsewhere it is
;; written in a draft.
;;
;; A note is an item of a list, under the heading "Notes" or beneath a
;; step.  There it must not become one of the sub-steps, nor must the list
;; that it is in: org makes one list of two at the same place.  So a line
;; of text is put between them.
;;
;; `explog-add-step' puts a step at the end of the list.  It does not go
;; through the commands of org for that: they number the whole list anew,
;; and the commits that refer to its steps would refer to others.
;;
;; `explog-conclude' writes what came out of an experiment under its
;; heading "Conclusions", and sets the state.  It does the latter as the
;; user would, by `org-todo': what the user has org log then, ask for or
;; run is logged, asked for and run.  The headings beneath the experiment
;; are entries with a state of their own: "Conclusions" is done with that,
;; and so is "Experiments" unless a step is open.

;;; Code:

(require 'explog-base)
(require 'explog-steps)
(require 'explog-write)
(require 'org)
(require 'seq)
(require 'subr-x)

(declare-function org-list-get-checkbox "org-list" (item struct))
(declare-function org-list-get-item-end-before-blank "org-list" (item struct))
(declare-function org-list-struct "org-list" ())
(declare-function org-in-item-p "org-list" ())
(declare-function org-update-checkbox-count-maybe "org-list" (&optional all))

;;;; Notes

(defcustom explog-notes-heading "Notes"
  "The title of the heading beneath an experiment that has its notes."
  :type 'string
  :safe #'stringp
  :group 'explog)

;;;###autoload
(defun explog-note (&optional choose)
  "Begin a note on an experiment, or on a step, with a time and a hash.
The hash is that of the related commit: the newest one for the
experiment or step, the one at point in magit, or the last one where a
commit message is being written.

On a step in a log the note goes beneath that, elsewhere in an
experiment under its heading \"Notes\".  On a reference, in a commit
message and on a commit in magit, it is about what is referred to.  With
a prefix argument CHOOSE, ask for the experiment and the step.

In a log you write the note where it stands; elsewhere in a buffer of
its own, where \\<explog-draft-mode-map>\\[explog-draft-finish] puts it into the log."
  (interactive "P")
  (pcase-let* ((about (if choose (explog-write-about-step "Note on") (explog-write-about "Note on")))
               (`(,buffer . ,new) (explog-write-visit (car about)))
               (start (explog-note--start (explog-write-about-commit about))))
    (explog-note--check buffer about)
    (or (and (eq buffer (current-buffer))
             (explog-write-typing (car about)
                                  (lambda () (explog-note--put about start))))
        (explog-note--draft buffer about start new))))

(defun explog-note--start (hash)
  "Return what a note begins with: the time, and HASH unless that is nil."
  (concat (format-time-string "[%Y-%m-%d %a %H:%M] ")
          (and hash (format "(%s) " hash))))

(defun explog-note--check (buffer about)
  "Signal a `user-error' if ABOUT, (ID . STEP), names a step not in BUFFER."
  (explog-write-at buffer (car about) (lambda () (explog-note--step about))))

(defun explog-note--step (about)
  "Return where the step in ABOUT, (ID . STEP), begins, or nil if it has none.
The heading of the experiment is at point."
  (when-let ((step (cdr about)))
    (or (explog-steps-position step)
        (user-error "Experiment %s has no step %s" (car about) step))))

(defun explog-note--draft (buffer about start new)
  "Begin a draft with START of a note on ABOUT for the log in BUFFER.
If that is NEW, forget it with the draft."
  (let* ((id (car about))
         (what (concat "note on " (explog-write-about-name about)))
         (file (buffer-file-name (explog-write-base buffer))))
    (explog-draft-begin
     what start
     (lambda (text)
       (explog-write-away (find-file-noselect file) id
                          (lambda () (explog-note--put about text))
                          what)
       nil)
     (when new
       (apply-partially #'explog-write-forget buffer)))))

;;;; Where it goes

(defun explog-note--put (about text)
  "Put a note of TEXT on ABOUT, (ID . STEP); return the end of its last line.
The heading of the experiment is at point."
  (let ((step (explog-note--step about)))
    (explog-write-keeping-steps
     (lambda ()
       (if step
           (explog-note--put-on-step step text)
         (explog-write-put-note (explog-note--section) text))))))

(defun explog-note--section ()
  "Return the position of the heading for notes, made if there is none."
  (or (explog-write-child
       (lambda () (string= (downcase (explog-steps-title))
                           (downcase explog-notes-heading))))
      (explog-write-make-section explog-notes-heading
                                 (car (explog-steps-children)))))

(defun explog-note--put-on-step (step text)
  "Put a note of TEXT at the end of the step that begins at STEP."
  (goto-char step)
  (let* ((struct (org-list-struct))
         (end (org-list-get-item-end-before-blank step struct)))
    (pcase-let ((`(,bullet . ,between) (explog-note--list-in step struct)))
      (explog-write-lines end (append between (explog-write-item text bullet))))))

(defun explog-note--list-in (step struct)
  "Return (BULLET . LINES) for a note at the end of STEP, an item of STRUCT.
See `explog-note--list-at'."
  (let ((last (explog-write-open-list step struct)))
    (cond ((null last)
           (list (concat (explog-write-beneath step struct) "- ")))
          ((explog-note--steps-p last struct)
           (let ((indent (explog-write-indent last)))
             (list (concat indent "- ") (concat indent explog-notes-heading ":"))))
          (t (list (explog-write-bullet last struct))))))

(defun explog-note--steps-p (item struct)
  "Return non-nil if the list of ITEM in STRUCT is ordered, or has boxes."
  (or (explog-write-ordered-p item struct)
      (seq-some (lambda (sibling) (org-list-get-checkbox sibling struct))
                (explog-write-siblings item struct))))

;;;; Steps

;;;###autoload
(defun explog-add-step (&optional nested)
  "Add a step at the end of an experiment's list, and count the boxes anew.
The title is asked for.  In a log it may be left empty, to be written
where it stands.  No other step gets another number.

Which experiment it is, is found as by `explog-note'.  With a prefix
argument NESTED, the new step is one of those beneath the step that the
point is on, or that is asked for."
  (interactive "P")
  (let* ((about (explog-add-step--about nested))
         (buffer (car (explog-write-visit (car about))))
         (number (explog-write-at buffer (car about)
                                  (lambda () (explog-add-step--next (cdr about)))))
         (name (explog-write-about-name (cons (car about) number)))
         (title (explog-add-step--line (read-string (format "Step %s: " name))))
         (put (lambda () (explog-add-step--put (cdr about) title))))
    (cond ((and (eq buffer (current-buffer)) (explog-write-typing (car about) put)))
          ((string-empty-p title)
           (user-error "From here, a step needs a title"))
          (t (explog-write-away buffer (car about) put (format "%s %s" name title))))))

(defun explog-add-step--about (nested)
  "Return (ID . STEP) of what gets a step; STEP is nil unless NESTED."
  (let ((about (explog-write-about "Add a step to")))
    (cond ((not nested) (list (car about)))
          ((cdr about) about)
          (t (let ((chosen (explog-write-about-step "Add a step beneath")))
               (unless (cdr chosen)
                 (user-error "No step was chosen"))
               chosen)))))

(defun explog-add-step--line (title)
  "Return TITLE as one line."
  (string-trim (replace-regexp-in-string "[ \t]*[\n\r][ \t\n\r]*" " " title)))

;;;; The list

(defun explog-add-step--all (parent)
  "Return what is right beneath the step PARENT, or outermost if it is nil.
It is a list as of `explog-steps'; PARENT is a number like \"1.2\".
The heading of the experiment is at point."
  (let ((regexp (format "\\`%s[0-9]+\\'" (if parent (regexp-quote (concat parent ".")) ""))))
    (seq-filter (lambda (step) (string-match-p regexp (car step)))
                (explog-steps))))

(defun explog-add-step--own (number)
  "Return the last part of NUMBER, a string like \"1.2\", as a number."
  (string-to-number (car (last (split-string number "\\.")))))

(defun explog-add-step--next (parent)
  "Return the number of the next step beneath PARENT; see `explog-add-step--all'."
  (when (and parent (not (explog-steps-position parent)))
    (user-error "There is no step %s" parent))
  (format "%s%d" (if parent (concat parent ".") "")
          (1+ (apply #'max 0 (mapcar (lambda (step) (explog-add-step--own (car step)))
                                     (explog-add-step--all parent))))))

(defun explog-add-step--put (parent title)
  "Put a step with TITLE beneath PARENT, and count; return the end of its line.
The heading of the experiment is at point."
  (let ((new (explog-add-step--next parent)))
    (explog-write-keeping-steps
     (lambda ()
       (let ((end (copy-marker (explog-add-step--insert parent title new))))
         (goto-char end)
         (org-update-checkbox-count-maybe)
         end))
     new)))

(defun explog-add-step--insert (parent title new)
  "Put a step with TITLE and the number NEW beneath PARENT; return its end."
  (let ((steps (explog-add-step--all parent)))
    (cond (steps (explog-add-step--append steps (explog-add-step--own new) title))
          (parent (explog-add-step--begin-beneath (explog-steps-position parent) title))
          (t (explog-add-step--begin title)))))

(defun explog-add-step--append (siblings number title)
  "Put a step with NUMBER and TITLE behind SIBLINGS, the others of its list.
They are as `explog-steps' has them."
  (pcase-let ((`(,last ,start ,end) (car (last siblings))))
    (goto-char start)
    (looking-at "\\([ \t]*\\)\\([0-9]+\\)\\([.)]\\)")
    (let* ((indent (match-string 1))
           (sign (match-string 3))
           ;; Behind `[@5]' the numbers in the file are others than those seen.
           (written (+ (string-to-number (match-string 2))
                       (- number (explog-add-step--own last)))))
      (explog-write-lines
       (explog-write-text-end end)
       (append (and (explog-add-step--spaced-p siblings) '(""))
               (list (concat indent (number-to-string written) sign " "
                             (if (seq-some #'cadddr siblings) "[ ] " "")
                             title)))))))

(defun explog-add-step--spaced-p (siblings)
  "Return non-nil if there is a blank line before the last of SIBLINGS."
  (and (cdr siblings)
       (save-excursion
         (goto-char (cadr (car (last siblings))))
         (forward-line -1)
         (looking-at-p "[ \t\r]*$"))))

(defun explog-add-step--begin-beneath (parent title)
  "Put a list with a step TITLE into the step at PARENT.
A list that the step ends with would have it for one of its own; a line
of text ends that list."
  (goto-char parent)
  (let* ((struct (org-list-struct))
         (end (org-list-get-item-end-before-blank parent struct))
         (open (explog-write-open-list parent struct))
         (indent (if open (explog-write-indent open)
                   (explog-write-beneath parent struct))))
    (explog-write-lines end (append (and open (list (concat indent "Steps:")))
                                    (list (concat indent "1. [ ] " title))))))

(defun explog-add-step--begin (title)
  "Put a list with a step TITLE into the experiment at point.
Two blank lines end a list of another kind before it."
  (let* ((section (or (seq-find #'explog-steps-named-p (explog-steps-children))
                      (explog-write-make-section
                       (concat (explog-write-keyword) explog-steps-heading " [/]")
                       (explog-write-child #'explog-write-conclusions-p))))
         (end (explog-write-section-end section)))
    (explog-write-lines
     end
     (append (and (save-excursion (goto-char end) (org-in-item-p)) '("" ""))
             (list (concat "1. [ ] " title))))))

;;;; Conclusions

;;;###autoload
(defun explog-conclude ()
  "Write what came out of an experiment, and set its state.
That is asked for; without an answer you write it where it stands, if
you are in the log, and elsewhere in a buffer of its own.  The state is
one of those for what is done, DONE where there is no other; org logs it
as it always does.  Steps that are still open are named.

Which experiment it is, is found as by `explog-note'."
  (interactive)
  (pcase-let* ((id (car (explog-write-about "Conclude")))
               (`(,buffer . ,new) (explog-write-visit id))
               (state (explog-conclude--read-state buffer id))
               (text (explog-conclude--read-text id)))
    (cond ((and (eq buffer (current-buffer))
                (explog-conclude--here id text state)))
          ((string-empty-p text)
           (explog-conclude--draft buffer id state new))
          (t (when-let ((then (explog-conclude--away buffer id text state)))
               (funcall then))))))

(defun explog-conclude--read-text (id)
  "Ask what came out of experiment ID."
  (string-trim
   (read-string (format "What came out of %s? (empty: write it at length) " id))))

(defun explog-conclude--read-state (buffer id)
  "Ask for the state of experiment ID in BUFFER, if there is a choice.
Return nil if it has a state already that means that it is done."
  (with-current-buffer buffer
    (unless (explog-write-at buffer id #'org-entry-is-done-p)
      (let ((default (car (or (member "DONE" org-done-keywords)
                              org-done-keywords))))
        (if (cdr org-done-keywords)
            (completing-read (format-prompt "State of %s" default id)
                             org-done-keywords nil t nil nil default)
          default)))))

;;;; Writing

(defun explog-conclude--here (id text state)
  "Conclude experiment ID in this buffer with TEXT and STATE.
Return nil if its conclusions cannot be seen here."
  (let (said)
    (when (explog-write-typing id
                               (lambda () (explog-conclude--put text))
                               (lambda () (setq said (explog-conclude--set id state))))
      (message "explog: %s" said)
      t)))

(defun explog-conclude--away (buffer id text state)
  "Conclude experiment ID in BUFFER with TEXT and STATE.
Return what is still to be done if org wants a note, a function."
  (let ((modified (buffer-modified-p buffer)))
    (explog-write-away buffer id
                       (lambda ()
                         (save-excursion (explog-conclude--put text))
                         (explog-conclude--set id state)))
    (when org-log-setup
      (apply-partially #'explog-conclude--ask-note
                       (and (not modified) (explog-write-base buffer))))))

(defun explog-conclude--draft (buffer id state new)
  "Begin a draft of what came out of experiment ID, whose log is in BUFFER.
STATE is what it gets then.  If BUFFER is NEW, forget it with the draft."
  (let ((file (buffer-file-name (explog-write-base buffer))))
    (explog-draft-begin
     (format "conclusion of e%s" id) ""
     (lambda (text)
       (explog-conclude--away (find-file-noselect file) id text state))
     (when new
       (apply-partially #'explog-write-forget buffer)))))

(defun explog-conclude--put (text)
  "Put TEXT at the end of the conclusions, and return its end.
The heading of the experiment is at point."
  (explog-write-put-note
   (or (explog-write-child #'explog-write-conclusions-p)
       (explog-write-make-section (concat (explog-write-keyword) "Conclusions") nil))
   text))

;;;; States

(defun explog-conclude--set (id state)
  "Give the experiment at point STATE, unless that is nil, and say so.
Its children get one as well.  ID is that of the experiment."
  (let ((open (explog-conclude--open-steps))
        (heading (point-marker)))
    (dolist (child (explog-conclude--children open))
      (goto-char child)
      (unless (org-entry-is-done-p)
        ;; One note is enough to be asked for.
        (let ((org-inhibit-logging (or org-inhibit-logging 'note))
              (org-log-done (and org-log-done 'time)))
          (explog-conclude--todo 'done))))
    (goto-char heading)
    (when state
      (explog-conclude--todo state))
    (goto-char heading)
    (let ((now (org-get-todo-state)))
      (format "%s is %s%s%s" id now
              ;; A dependency keeps it from being done, or a hook changed it.
              (if (member state (list nil now)) "" ", as org has it")
              (if open (concat "; still open: " (string-join open ", ")) "")))))

(defun explog-conclude--todo (state)
  "Set the STATE of the heading at point, and log what needs no note.
Org logs when a command has ended, and only for the last heading."
  (let ((org-loop-over-headlines-in-active-region nil))
    (org-todo state))
  (when (and org-log-setup (memq org-log-note-how '(time state)))
    (save-window-excursion
      (save-excursion
        (org-add-log-note)))))

(defun explog-conclude--children (open)
  "Return markers of the child headings to be set as done.
With OPEN non-nil, the heading above the list is left out."
  (mapcar #'copy-marker
          (delq nil
                (list (explog-write-child
                       (lambda () (and (org-get-todo-state)
                                       (explog-write-conclusions-p))))
                      (and (null open)
                           (seq-find (lambda (child)
                                       (save-excursion
                                         (goto-char child)
                                         (and (org-get-todo-state)
                                              (explog-steps-named-p child))))
                                     (explog-steps-children)))))))

(defun explog-conclude--open-steps ()
  "Return what is still to be done for the experiment at point.
That is a list of strings like \"1 Test it\", without the hash behind it."
  (delq nil
        (mapcar (pcase-lambda (`(,number ,start ,_ ,box))
                  (and (member box '("[ ]" "[-]"))
                       (concat number " "
                               (replace-regexp-in-string
                                "[ \t]*([[:xdigit:]]\\{7,64\\})\\'" ""
                                (explog-steps-text start)))))
                (explog-steps))))

;;;; A note that org asks for

(defun explog-conclude--ask-note (buffer)
  "Have org ask for the note that it wants, and save BUFFER with it.
BUFFER is nil if it is not to be saved.  Left to itself, org would ask
amid what magit does after each command, and break that."
  (let ((org-log-buffer-setup-hook
         (append org-log-buffer-setup-hook
                 (and buffer
                      (list (apply-partially #'explog-conclude--save-later buffer))))))
    (org-add-log-note)))

(defun explog-conclude--save-later (buffer)
  "Save BUFFER when the current one, with a note for it, is gone."
  (add-hook 'kill-buffer-hook
            (lambda () (run-with-timer 0 nil #'explog-conclude--save buffer))
            nil t))

(defun explog-conclude--save (buffer)
  "Save BUFFER, if it is still there."
  (when (buffer-live-p buffer)
    (explog-write-save buffer)))

(provide 'explog-note)
;;; explog-note.el ends here
