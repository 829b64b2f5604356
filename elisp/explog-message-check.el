;;; explog-message-check.el --- Mark references that lead nowhere  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; In the message of a commit, a reference to an experiment or step that no
;; log has is marked, and so is what was likely meant to be a reference:
;; `[E201]', `[e 201.1]', `[e201,1]' or `(e201.1)' where there is such an
;; experiment.  The tooltip says what is wrong.  Nothing is marked as long
;; as the server does not know all logs.

;;; Code:

(require 'explog)
(require 'explog-cache)
(require 'explog-ref)
(require 'subr-x)

(autoload 'explog-message-comment-p "explog-message")
(defvar explog-ref-mode)

(defface explog-message-wrong '((t :inherit warning :underline (:style wave)))
  "A reference in the message of a commit that leads nowhere."
  :group 'explog)

;;;; What looks like a reference

(defconst explog-message-check--regexp
  (let ((id "\\(?1:[0-9][0-9A-Za-z_-]\\{0,63\\}\\)")
        (step "\\(?2:[0-9]\\{1,6\\}\\(?:[.,][0-9]\\{1,6\\}\\)\\{0,7\\}\\)"))
    (concat "[[({][ \t]*[eE]?[ \t]*" id
            "\\(?:[ \t]*[.,:;][ \t]*" step "?\\.?\\)?[ \t]*[])}]"
            ;; One that is not closed, with something behind it.
            "\\|\\[e" id "\\(?:\\." step "\\)?[ \t,;]"))
  "Matches references, and what may be meant to be one.
The groups are those of `explog-ref-regexp'.")

(defun explog-message-check--meant (text reference)
  "Return non-nil if TEXT, which is none, may be meant to be REFERENCE."
  (and (eq 'known (explog-ref-state (car reference) (cdr reference)))
       (or (string-match-p "\\`.[ \t]*[eE]" text)
           ;; With no letter, it has to be a step in brackets.
           (and (cdr reference)
                (string-match-p "\\`\\[[0-9A-Za-z_-]+\\.[0-9.]+]\\'" text)))))

(defun explog-message-check--problem (text reference)
  "Return what is wrong with TEXT, which stands where REFERENCE is meant, or nil."
  (pcase-let ((`(,id . ,step) reference)
              (case-fold-search nil))
    (cond ((not (string-match-p (concat "\\`" explog-ref-regexp "\\'") text))
           (and (explog-message-check--meant text reference)
                (format "%s: [%s] may be meant" (string-trim-right text "[ \t,;]+")
                        (explog-ref-string id step))))
          ((not (eq 'unknown (explog-ref-state id step))) nil)
          ((eq 'unknown (explog-cache-get id))
           (format "%s: no log has experiment %s" text id))
          (t (format "%s: %s has no step %s" text id step)))))

(defun explog-message-check--reference ()
  "Return (ID . STEP) for what `explog-message-check--regexp' matched, or nil."
  (when-let ((reference (explog-ref-match)))
    (cons (car reference)
          (and (cdr reference) (string-replace "," "." (cdr reference))))))

(defun explog-message-check--each (beg end function)
  "Call FUNCTION for what may be a reference from BEG to END, with point behind it.
FUNCTION gets what is matched, the (ID . STEP) meant, and where it begins."
  (let ((case-fold-search nil))
    (goto-char beg)
    (while (re-search-forward explog-message-check--regexp end t)
      (let ((start (match-beginning 0))
            (text (match-string-no-properties 0))
            (reference (explog-message-check--reference)))
        (if (explog-message-comment-p)
            (forward-line)
          (when reference
            (save-excursion
              (funcall function text reference start)))
          ;; `(see [e201.1 )' has one inside.
          (goto-char (max (1+ start) (1- (point)))))))))

(defun explog-message-check-problems ()
  "Return what is wrong in the message of this buffer, a list of strings.
What the server tells of once the commit is made is left out: references
to a step that are as they should be."
  (let (problems)
    (save-excursion
      (save-restriction
        (widen)
        (explog-message-check--each
         (point-min) (point-max)
         (lambda (text reference _start)
           (when-let ((problem (and (not (and (cdr reference)
                                              (string-suffix-p "]" text)
                                              (string-prefix-p "[e" text)
                                              (explog-ref-parse text)))
                                    (explog-message-check--problem text reference))))
             (push problem problems))))))
    (delete-dups (nreverse problems))))

;;;; Marks

(defun explog-message-check-start ()
  "Mark what is wrong in this buffer from now on, and look at all of it again."
  (unless (memq #'explog-message-check--fontify (bound-and-true-p jit-lock-functions))
    (jit-lock-register #'explog-message-check--fontify))
  (jit-lock-refontify))

(defun explog-message-check-stop ()
  "Mark nothing in this buffer any more."
  (jit-lock-unregister #'explog-message-check--fontify)
  (save-restriction
    (widen)
    (remove-overlays (point-min) (point-max) 'explog-message-check t)))

(defun explog-message-check--fontify (beg end)
  "Mark what is wrong in the lines from BEG to END.
This runs during redisplay: it looks at nothing but what is known."
  (let* ((inhibit-field-text-motion t)  ; vc's header is a field
         (beg (progn (goto-char beg) (line-beginning-position)))
         (end (progn (goto-char end) (line-end-position))))
    (remove-overlays beg end 'explog-message-check t)
    (explog-message-check--each
     beg end
     (lambda (text reference start)
       (if-let ((problem (explog-message-check--problem text reference)))
           (explog-message-check--mark start (+ start (length (string-trim-right text "[ \t,;]+")))
                                       problem 'explog-message-wrong)
         (explog-message-check--tell text reference start))))))

(defun explog-message-check--tell (text reference start)
  "Have the tooltip of TEXT at START say what REFERENCE is, and if it is ticked.
In `explog-ref-mode', it does already."
  (unless (bound-and-true-p explog-ref-mode)
    (when-let ((description (and (string-prefix-p "[e" text)
                                 (explog-ref-parse text)
                                 (explog-ref-describe (car reference) (cdr reference)))))
      (explog-message-check--mark start (+ start (length text)) description nil))))

(defun explog-message-check--mark (beg end help face)
  "Put FACE, if any, and the tooltip HELP on the text from BEG to END."
  (let ((overlay (make-overlay beg end nil t)))
    (overlay-put overlay 'explog-message-check t)
    (overlay-put overlay 'evaporate t)
    ;; A title is no documentation, whatever it has in it.
    (overlay-put overlay 'help-echo (propertize help 'help-echo-inhibit-substitution t))
    (when face
      (overlay-put overlay 'face face)
      (overlay-put overlay 'priority 10)))) ; above the button that it may be

(provide 'explog-message-check)
;;; explog-message-check.el ends here
