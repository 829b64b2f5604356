;;; explog-note.el --- Write a note on an experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-note' begins a note with the time and the hash of the related
;; commit.  In a log, the note is written in place; elsewhere, in a draft.
;;
;; A note is a list item, under the heading "Notes" or inside a step.
;; Inside a step, the note must not become a sub-step.  Org would join two
;; lists that follow each other, so a line of text is put between them.

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

(defcustom explog-notes-heading "Notes"
  "The title of the heading beneath an experiment that has its notes."
  :type 'string
  :safe #'stringp
  :group 'explog)

;;;###autoload
(defun explog-note (&optional choose)
  "Begin a note on an experiment or a step, with the time and a hash.
The hash is that of the related commit: the commit at point in magit, or
HEAD while a commit message is written, or the newest commit for the
experiment or step.

On a step in a log, the note goes inside the step; elsewhere in an
experiment, under its heading \"Notes\".  On a reference, on a commit in
magit, and in a commit message, the note is about what is referred to.
With a prefix argument CHOOSE, ask for the experiment and the step.

In a log you write the note in place; elsewhere in a buffer of its own,
where \\<explog-draft-mode-map>\\[explog-draft-finish] inserts it into the log."
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
  "Return the beginning of a note: the time, and HASH unless that is nil."
  (concat (format-time-string "[%Y-%m-%d %a %H:%M] ")
          (and hash (format "(%s) " hash))))

(defun explog-note--check (buffer about)
  "Signal a `user-error' if the step in ABOUT, (ID . STEP), is not in BUFFER."
  (explog-write-at buffer (car about) (lambda () (explog-note--step about))))

(defun explog-note--step (about)
  "Return the position of the step in ABOUT, (ID . STEP), or nil if STEP is nil.
The heading of the experiment is at point."
  (when-let ((step (cdr about)))
    (or (explog-steps-position step)
        (user-error "Experiment %s has no step %s" (car about) step))))

(defun explog-note--draft (buffer about start new)
  "Begin a draft of a note on ABOUT, with initial text START.
The log is in BUFFER.  If that is NEW, kill it when the draft is
discarded."
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
  "Insert a note with TEXT on ABOUT, (ID . STEP); return its end.
The heading of the experiment is at point."
  (let ((step (explog-note--step about)))
    (explog-write-keeping-steps
     (lambda ()
       (if step
           (explog-note--put-on-step step text)
         (explog-write-put-note (explog-note--section) text))))))

(defun explog-note--section ()
  "Return the position of the heading for notes; insert one if necessary."
  (or (explog-write-child
       (lambda () (string= (downcase (explog-steps-title))
                           (downcase explog-notes-heading))))
      (explog-write-make-section explog-notes-heading
                                 (car (explog-steps-children)))))

(defun explog-note--put-on-step (step text)
  "Insert a note with TEXT at the end of the step that begins at STEP."
  (goto-char step)
  (let* ((struct (org-list-struct))
         (end (org-list-get-item-end-before-blank step struct)))
    (pcase-let ((`(,bullet . ,between) (explog-note--list-in step struct)))
      (explog-write-lines end (append between (explog-write-item text bullet))))))

(defun explog-note--list-in (step struct)
  "Return (BULLET . LINES) for a note at the end of STEP, an item of STRUCT.
The note goes on with a list of notes that ends the step."
  (let ((last (explog-write-open-list step struct)))
    (cond ((null last)
           (list (concat (explog-write-beneath step struct) "- ")))
          ((explog-note--steps-p last struct)
           (let ((indent (explog-write-indent last)))
             (list (concat indent "- ") (concat indent explog-notes-heading ":"))))
          (t (list (explog-write-bullet last struct))))))

(defun explog-note--steps-p (item struct)
  "Return non-nil if the list of ITEM in STRUCT has numbers or checkboxes."
  (or (explog-write-ordered-p item struct)
      (seq-some (lambda (sibling) (org-list-get-checkbox sibling struct))
                (explog-write-siblings item struct))))

(provide 'explog-note)
;;; explog-note.el ends here
