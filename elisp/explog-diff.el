;;; explog-diff.el --- What changed between two steps  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-diff' compares the commits that stand on two steps of an
;; experiment, in magit if it is there, else in vc.

;;; Code:

(require 'explog)
(require 'explog-point)
(require 'seq)
(require 'subr-x)

(autoload 'explog-cache-fetch "explog-cache")
(declare-function magit-diff-range "magit-diff" (rev-or-range &optional args files))
(declare-function vc-diff-internal "vc"
                  (async vc-fileset rev1 rev2 &optional verbose buffer))

;;;###autoload
(defun explog-diff (id from to)
  "Compare step FROM of experiment ID with step TO.
These are strings like \"1\" or \"1.2\"; the commits that stand on them
are compared.  Unless you choose others, they are the step that the
point is on and the one before it.  With a prefix argument, ask for the
experiment as well."
  (interactive (explog-diff--read))
  (let* ((steps (explog-diff--steps id))
         (old (explog-diff--step id from steps))
         (new (explog-diff--step id to steps)))
    (unless (equal (plist-get old :repository) (plist-get new :repository))
      (user-error "The commits on steps %s and %s are in two repositories, %s and %s"
                  from to
                  (abbreviate-file-name (plist-get old :repository))
                  (abbreviate-file-name (plist-get new :repository))))
    (when (equal (plist-get old :commit) (plist-get new :commit))
      (user-error "The same commit stands on steps %s and %s" from to))
    (explog-diff--show (plist-get new :repository)
                       (plist-get old :commit) (plist-get new :commit))))

(defun explog-diff--steps (id)
  "Return each step of experiment ID, as `explog-cache-get' has it."
  (pcase (explog-cache-fetch id)
    ('unknown (user-error "No log has experiment %s" id))
    (experiment (plist-get experiment :steps))))

(defun explog-diff--step (id number all)
  "Return the step NUMBER, if it has a commit, of ALL that experiment ID has."
  (let ((step (seq-find (lambda (step) (equal number (plist-get step :number)))
                        all)))
    (cond ((null step) (user-error "Experiment %s has no step %s" id number))
          ((plist-get step :commit) step)
          ((plist-get step :hash)
           (user-error "Step %s of %s bears %s, which is a commit of no repository"
                       number id (plist-get step :hash)))
          (t (user-error "No commit stands on step %s of %s" number id)))))

;;;; Asking

(defun explog-diff--read ()
  "Ask which two to compare; return (ID FROM TO)."
  (let* ((reference (explog-point-reference "Compare steps of: "))
         (id (car reference))
         (steps (seq-filter (lambda (step) (plist-get step :commit))
                            (explog-diff--steps id)))
         (numbers (mapcar (lambda (step) (plist-get step :number)) steps))
         (new (if (member (cdr reference) numbers)
                  (cdr reference)
                (car (last numbers))))
         (old (car (last (seq-take-while (lambda (number) (not (equal number new)))
                                         numbers)))))
    (unless (cdr steps)
      (user-error "It takes two steps with commits to compare; e%s has %s"
                  id (if steps "one" "none")))
    (let ((from (explog-diff--read-step (format "e%s from step" id) steps
                                        (or old (cadr numbers)))))
      (list id from
            (explog-diff--read-step
             (format "e%s from step %s to" id from)
             (seq-remove (lambda (step) (equal from (plist-get step :number))) steps)
             (and (not (equal from new)) new))))))

(defun explog-diff--read-step (prompt offered default)
  "Ask with PROMPT for the number of one of those OFFERED, by default DEFAULT."
  (let* ((choices (mapcar (lambda (step)
                            (cons (concat (plist-get step :number) " "
                                          (plist-get step :text))
                                  step))
                          offered))
         (annotate (lambda (choice)
                     (concat "  " (plist-get (cdr (assoc choice choices)) :hash))))
         (default (car (seq-find (lambda (choice)
                                   (equal default (plist-get (cdr choice) :number)))
                                 choices)))
         (chosen (completing-read
                  (format-prompt prompt default)
                  (lambda (string predicate action)
                    (if (eq action 'metadata)
                        `(metadata (display-sort-function . ,#'identity)
                                   (cycle-sort-function . ,#'identity)
                                   (annotation-function . ,annotate))
                      (complete-with-action action choices string predicate)))
                  nil t nil nil (or default (caar choices)))))
    (plist-get (cdr (assoc chosen choices)) :number)))

;;;; Showing

(defun explog-diff--show (repository old new)
  "Show what lies between the commits OLD and NEW of REPOSITORY."
  (unless (file-directory-p repository)
    (user-error "%s is not there" (abbreviate-file-name repository)))
  (let ((default-directory (file-name-as-directory repository)))
    (if (require 'magit nil t)
        (magit-diff-range (concat old ".." new))
      (require 'vc)
      (vc-diff-internal t (list 'Git (list default-directory)) old new))))

(provide 'explog-diff)
;;; explog-diff.el ends here
