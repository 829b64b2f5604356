;;; explog-check-mend.el --- Mend what explog-check found  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The keys by which the problems in the buffer of `explog-check' are
;; mended.  A mend is shown below its problem before it can be made, and
;; the server makes it only if it is still the same.

;;; Code:

(require 'cl-lib)
(require 'explog)
(require 'explog-review)
(require 'seq)
(require 'subr-x)

(declare-function explog-check-again "explog-check" ())

(cl-defstruct (explog-check-problem (:type vector) (:constructor nil) (:copier nil))
  "A problem as the server sends it; what does not apply is nil."
  kind file line experiment step message mendable entry-line title lines)

(defvar-local explog-check-problems nil
  "The problems that this buffer shows, a vector.")

(defun explog-check-here ()
  "Return the problem at point, or signal an error."
  (or (explog-review-item)
      (user-error "No problem here")))

;;;; What mends a problem

(defun explog-check--preview (problem)
  "Return the overlay with the mend of PROBLEM, or nil."
  (seq-find (lambda (overlay) (eq problem (overlay-get overlay 'explog-check-mend)))
            (overlays-in (point-min) (point-max))))

(defun explog-check--show-mend (problem start end)
  "Show what would mend PROBLEM below its line, from START to END."
  (let ((overlay (make-overlay start end)))
    (overlay-put overlay 'explog-check-mend problem)
    (overlay-put overlay 'evaporate t)
    (overlay-put overlay 'after-string (explog-check--diff problem))))

(defun explog-check--diff (problem)
  "Return the mend of PROBLEM as a diff, indented."
  (mapconcat
   (lambda (line)
     (pcase-let ((`[,number ,old ,new] line))
       (concat (propertize
                (format "    line %d\n"
                        (+ number (explog-check-problem-entry-line problem)))
                'face 'explog-review-where)
               (explog-review-change (string-remove-suffix "\r" old)
                                     (string-remove-suffix "\r" new)
                                     "    "))))
   (explog-check-problem-lines problem) ""))

(defun explog-check--line-bounds ()
  "Return (BEG . END) of the line at point."
  (cons (line-beginning-position) (line-beginning-position 2)))

;;;; The keys

(defun explog-check-toggle ()
  "Show what would mend the problem at point, or hide that."
  (interactive)
  (let ((problem (explog-check--mendable-here)))
    (if-let ((overlay (explog-check--preview problem)))
        (delete-overlay overlay)
      (pcase-let ((`(,beg . ,end) (explog-check--line-bounds)))
        (explog-check--show-mend problem beg end)))))

(defun explog-check--mendable-here ()
  "Return the problem at point if it can be mended, else signal an error."
  (let ((problem (explog-check-here)))
    (unless (explog-check-problem-mendable problem)
      (user-error "There is no one way to mend this"))
    problem))

(defun explog-check-mend ()
  "Show what mends the problem at point; typed again, mend it."
  (interactive)
  (let ((problem (explog-check--mendable-here)))
    (if (explog-check--preview problem)
        (explog-check--mend (list problem))
      (explog-check-toggle)
      (message "%s" (substitute-command-keys
                     "\\[explog-check-mend] again mends it, \\[explog-check-toggle] hides this")))))

(defun explog-check-mend-kind ()
  "Show what mends all problems of the kind at point; typed again, mend them."
  (interactive)
  (let* ((kind (explog-check-problem-kind (explog-check-here)))
         (problems (or (seq-filter (lambda (problem)
                                     (and (equal kind (explog-check-problem-kind problem))
                                          (explog-check-problem-mendable problem)))
                                   explog-check-problems)
                       (user-error "There is no one way to mend these"))))
    (if (explog-check--show-mends problems)
        (message "%s" (substitute-command-keys
                       "\\[explog-check-mend-kind] again mends all that is shown"))
      (explog-check--mend problems))))

(defun explog-check--show-mends (problems)
  "Show the mends of PROBLEMS; return nil if all were shown already."
  (let ((shown (make-hash-table :test #'eq)) new)
    (dolist (overlay (overlays-in (point-min) (point-max)))
      (when-let ((problem (overlay-get overlay 'explog-check-mend)))
        (puthash problem t shown)))
    (save-excursion
      (goto-char (point-min))
      (while (not (eobp))
        (let ((problem (explog-review-item)))
          (when (and (memq problem problems) (not (gethash problem shown)))
            (pcase-let ((`(,beg . ,end) (explog-check--line-bounds)))
              (explog-check--show-mend problem beg end))
            (setq new t)))
        (forward-line)))
    new))

(defun explog-check--mend (problems)
  "Have the server mend PROBLEMS as they are shown, and check again."
  (explog-review-ask
   "mend" (list (mapcar #'explog-check--wish problems))
   "Mending..."
   (lambda (answer)
     (explog-check--report problems answer)
     (explog-check-again))))

(defun explog-check--wish (problem)
  "Return what the server needs to mend PROBLEM."
  (list (explog-check-problem-kind problem)
        (explog-check-problem-file problem)
        (explog-check-problem-experiment problem)
        (- (explog-check-problem-line problem) (explog-check-problem-entry-line problem))
        (mapcar (lambda (line) (append line nil))
                (explog-check-problem-lines problem))))

(defun explog-check--report (problems answer)
  "Say how many of PROBLEMS were mended; ANSWER has for each nil, or why not."
  (let* ((why (delq nil (append answer nil)))
         (done (- (length problems) (length why))))
    (message "explog: %d mended%s" done
             (if why (format ", %d not: %s" (length why) (car why)) ""))))

(provide 'explog-check-mend)
;;; explog-check-mend.el ends here
